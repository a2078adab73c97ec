// A model that runs in its page: in a worker, so that the page never stands still.
// Everything comes by <script>, because a page that is a file may read nothing else.
"use strict";

/** What scripts of models and of the engine keep here, by name; each is read once. */
const zooKept = new Map();
globalThis.zooKeep = (name, content) => zooKept.set(name, content);

/** A part of a file that `packing.py` packed: [compressed bytes, planes, text]. */
async function zooUnpack([size, planes, text]) {
  const packed = new Uint8Array(size + (size % 2));
  for (let unit = 0, place = 0; place < size; unit++, place += 2) {
    let value = text.charCodeAt(unit);
    if (value === 0xe000) value = text.charCodeAt(++unit) ^ 0x8000;
    packed[place] = value & 255;
    packed[place + 1] = value >> 8;
  }
  const stream = new Blob([packed.subarray(0, size)]).stream();
  const plain = stream.pipeThrough(new DecompressionStream("gzip"));
  const laid = new Uint8Array(await new Response(plain).arrayBuffer());
  if (planes === 1) return laid;
  const found = new Uint8Array(laid.length);
  for (let plane = 0, from = 0; plane < planes; plane++) {
    for (let place = plane; place < found.length; place += planes) found[place] = laid[from++];
  }
  return found;
}

/** The inside of the worker. It stands alone: its text is what the worker is made of. */
function zooWorker() {
  const sessions = {};
  const start = ({ glue, wasm }) => {
    const script = new Blob([glue], { type: "text/javascript" });
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(script) };
    ort.env.wasm.wasmBinary = wasm;
  };
  const open = async ({ name, graph }) => {
    sessions[name] = await ort.InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "basic", // more takes longer than it saves a page
    });
  };
  const run = async ({ name, feeds }) => {
    const given = {};
    for (const [key, [type, data, dims]] of Object.entries(feeds)) {
      given[key] = new ort.Tensor(type, data, dims);
    }
    const began = performance.now();
    const found = await sessions[name].run(given);
    const took = performance.now() - began;
    const outputs = {};
    for (const key of Object.keys(found)) {
      const { type, data, dims } = found[key];
      outputs[key] = { type, data, dims: [...dims] };
    }
    return { outputs, took };
  };
  const does = { start, open, run };
  self.onmessage = async ({ data: { id, task, given } }) => {
    try {
      self.postMessage({ id, found: await does[task](given) });
    } catch (error) {
      self.postMessage({ id, problem: String(error.message ?? error) });
    }
  };
}

const zooEngine = {
  root: document.body.dataset.root,
  loads: {},
  asked: new Map(),

  /** Add a script to the page, once. */
  load(path) {
    zooEngine.loads[path] ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = zooEngine.root + path;
      script.onload = () => done();
      script.onerror = () => failed(new Error(`${path} is missing`));
      document.head.append(script);
    });
    return zooEngine.loads[path];
  },

  /** Take a kept file, as bytes. */
  async bytes(name) {
    const parts = await Promise.all(zooKept.get(name).map(zooUnpack));
    if (parts.length === 1) return parts[0];
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  },

  ask(task, given, moved = []) {
    const id = zooEngine.asked.size + 1;
    return new Promise((done, failed) => {
      zooEngine.asked.set(id, { done, failed });
      zooEngine.worker.postMessage({ id, task, given }, moved);
    });
  },

  /** Start the worker with the engine inside. */
  async start() {
    await Promise.all([zooEngine.load("assets/engine.js"), zooEngine.load("assets/engine-wasm.js")]);
    const inside = [zooKept.get("library"), `\n(${zooWorker})();`];
    const source = new Blob(inside, { type: "text/javascript" });
    zooEngine.worker = new Worker(URL.createObjectURL(source));
    zooEngine.worker.onmessage = ({ data: { id, found, problem } }) => {
      const { done, failed } = zooEngine.asked.get(id);
      if (problem === undefined) done(found);
      else failed(new Error(problem));
    };
    const wasm = (await zooEngine.bytes("wasm")).buffer;
    await zooEngine.ask("start", { glue: zooKept.get("glue"), wasm }, [wasm]);
  },

  /** Open a model: its graphs run, its tokenizer reads. */
  async open(model) {
    const scripts = [zooEngine.start(), zooEngine.load(model.script)];
    if (model.tokenizer) scripts.push(zooEngine.load("assets/tokenizers.js"));
    await Promise.all(scripts);
    for (const name of model.graphs) {
      const graph = (await zooEngine.bytes(`${model.name}/${name}`)).buffer;
      await zooEngine.ask("open", { name, graph }, [graph]);
    }
    const reader = model.tokenizer ? await zooEngine.tokenizer(model) : null;
    const run = (feeds, name = model.graphs[0]) => zooEngine.ask("run", { name, feeds });
    return { run, reader };
  },

  /** From texts to the numbers of tokens and back, as Python's tokenizer does it. */
  async tokenizer(model) {
    const text = new TextDecoder().decode(await zooEngine.bytes(`${model.name}/tokenizer.json`));
    const content = JSON.parse(text);
    const library = new zooTokenizers.Tokenizer(content, {});
    const unknown = model.input.unk_token_id;
    const added = new Map((content.added_tokens ?? []).map((one) => [one.content, one.id]));
    const words = new Map([...Object.entries(content.model.vocab ?? {}), ...added]);
    const names = new Map(Array.from(words, ([word, number]) => [number, word]));
    return {
      words,
      names,
      encode: (text) => (text ? library.encode(text).ids.map((id) => id ?? unknown) : []),
      decode: (ids) =>
        ids.length
          ? library.decode(ids, {
              skip_special_tokens: true,
              clean_up_tokenization_spaces: false,
            })
          : "",
      /** One token as it is shown by itself. */
      piece: (id) =>
        library.decode([id], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    };
  },
};

/** What a widget is given: the model's data, its place in the page, and the engine. */
globalThis.zooWidget = (build) => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const place = document.getElementById("widget");
  const status = document.getElementById("say");
  const say = (key, values) => (status.textContent = key ? zooText(key, values) : "");
  let opened = null;
  let [busy, again] = [false, false];

  const open = () => {
    say("starting");
    opened ??= zooEngine.open(model);
    return opened;
  };

  /** Call what asks the model; while it answers, only the last wish is kept. */
  const answer = (ask) => async () => {
    if (!opened) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    do {
      again = false;
      try {
        await ask(await opened);
      } catch (error) {
        say("failed", { problem: error.message });
      }
    } while (again);
    busy = false;
  };

  const tools = { model, place, say, answer };
  const update = build(tools);
  const start = async () => {
    try {
      await open();
      say("ready");
      await update();
    } catch (error) {
      say("failed", { problem: error.message });
    }
  };
  if (model.atOnce) {
    start();
  } else {
    const size = `${(model.size / 2 ** 20).toFixed(1)} MiB`;
    const button = zooElement("button", { type: "button", class: "main" });
    const label = () => (button.textContent = zooText("start", { size }));
    label();
    document.addEventListener("zoo-language", label);
    button.addEventListener("click", () => {
      button.remove();
      start();
    });
    place.prepend(button);
  }
};

/** Parts that several widgets are made of. */
const zooParts = {
  /** A list of names with bars, from 0 to 1; `rows` are {label, score, colour}. */
  bars() {
    const box = zooElement("div", { class: "bars" });
    const show = (rows) => {
      box.replaceChildren(
        ...rows.flatMap(({ label, score, colour }) => {
          const bar = zooElement("i");
          bar.style.width = `${100 * Math.min(1, Math.max(0, score))}%`;
          if (colour) bar.style.background = colour;
          return [
            zooElement("span", { class: "name" }, label),
            zooElement("span", { class: "track", "aria-hidden": "true" }, bar),
            zooElement("span", { class: "value" }, `${(100 * score).toFixed(2)}%`),
          ];
        }),
      );
    };
    return { box, show };
  },

  /** Buttons for the examples of a model. */
  examples(model, choose) {
    const buttons = model.examples.map((one) => {
      const name = one.name.replace(/\.\w+$/, "").replaceAll("_", " ");
      const inside = one.image ? zooElement("img", { src: one.image, alt: name }) : name;
      const kind = one.image ? "thumb" : null;
      return zooElement("button", { type: "button", class: kind, onclick: () => choose(one) }, inside);
    });
    return zooElement("div", { class: "row", role: "group", label: "examples" }, ...buttons);
  },

  milliseconds: (took) => zooText("took", { ms: took < 10 ? took.toFixed(1) : Math.round(took) }),
};

for (const button of document.querySelectorAll("[data-download]")) {
  button.addEventListener("click", async () => {
    const model = JSON.parse(document.getElementById("model").textContent);
    await zooEngine.load(model.script);
    const content = await zooEngine.bytes(`${model.name}/${button.dataset.download}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
    link.download = `${model.name}.${button.dataset.download}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
}
