// The beginning of a text goes in: it goes on, a token at a time, as zoo.predict writes.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input, output } = model;
  const prompt = zooElement("textarea", { rows: 3, lang: input.language || null });
  const number = (value, least, most, step) => zooElement("input", { type: "number", value, min: least, max: most, step });
  const seed = number(0, 0, null, 1);
  const temperature = number(1, 0, 5, 0.1);
  const tokens = number(40, 1, 400, 1);
  const written = zooElement("div", { class: "written", tabindex: "0", role: "region", label: "answer" });
  let going = false;

  /** Where the model begins to read: at the start while the text fits into it. */
  const first = (count) => {
    const step = Math.max(1, Math.floor(input.max_length / 2));
    return Math.ceil(Math.max(0, count - input.max_length) / step) * step;
  };
  const barred = [input.pad_token_id, input.unk_token_id].filter((id) => id !== null && id !== output.eos_token_id);

  /** The next token, drawn as zoo draws it: a number below the sum of the chances. */
  const next = (logits, random) => {
    for (const id of barred) logits[id] = -Infinity;
    const heat = temperature.valueAsNumber;
    const drawn = random.double();
    if (heat === 0) return zooAnswers.top(logits, 1)[0];
    const chances = zooAnswers.softmax(logits.map((value) => value / heat));
    const reach = [];
    chances.reduce((sum, chance) => (reach.push(sum + chance), sum + chance), 0);
    const found = reach.findIndex((value) => value > drawn * reach.at(-1));
    return found < 0 ? reach.length - 1 : found;
  };

  const write = answer(async ({ run, reader }) => {
    const ids = reader.encode(prompt.value);
    if (!ids.length && output.bos_token_id !== null) ids.push(output.bos_token_id);
    if (!ids.length) {
      say("empty");
      return;
    }
    const start = ids.length;
    const random = new ZooRandom(Math.floor(seed.valueAsNumber) || 0);
    let took = 0;
    going = true;
    stop.disabled = false;
    while (going && ids.length - start < tokens.valueAsNumber) {
      const part = ids.slice(first(ids.length));
      const feeds = { input_ids: ["int64", BigInt64Array.from(part, BigInt), [1, part.length]] };
      const found = await run(feeds);
      const width = found.outputs.output.dims.at(-1);
      const logits = Array.from(found.outputs.output.data.slice(-width));
      took += found.took;
      const id = next(logits, random);
      if (id === output.eos_token_id) break;
      ids.push(id);
      written.textContent = prompt.value + reader.decode(ids.slice(start));
      const each = zooParts.milliseconds(took / (ids.length - start));
      document.getElementById("say").textContent = `${zooText("so_many", { n: ids.length - start })} · ${each}`;
    }
    going = false;
    if (document.activeElement === stop) begin.focus(); // a keyboard keeps its place
    stop.disabled = true;
  });

  const begin = zooElement("button", { type: "button", class: "main", text: "write", onclick: () => !going && write() });
  const stop = zooElement("button", { type: "button", text: "stop", disabled: true, onclick: () => (going = false) });
  const choose = (one) => {
    prompt.value = one.text;
  };
  const labelled = (text, field) => zooElement("label", {}, zooElement("span", { text }), field);
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement(
        "div",
        {},
        zooParts.examples(model, choose),
        labelled("prompt", prompt),
        zooElement("div", { class: "row" }, labelled("seed", seed), labelled("temperature", temperature), labelled("tokens", tokens)),
        zooElement("div", { class: "row" }, begin, stop),
        zooElement("p", { class: "note", text: "same_seed" }),
      ),
      zooElement("div", {}, written),
    ),
  );
  return () => {
    if (model.examples.length) choose(model.examples[0]);
    return write();
  };
});
