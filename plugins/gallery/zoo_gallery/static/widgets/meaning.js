// Texts go in as vectors: how near they are to each other. Of a model of words: the
// nearest words, and sums of words.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input } = model;
  const bars = zooParts.bars();
  const SHOWN = 10;
  const LENGTH = 64; // tokens of a text that are compared
  const PART = 2000; // words whose vectors are asked for at a time
  let words = null; // {names, vectors, width}

  const normal = (vector) => {
    const length = Math.hypot(...vector) || 1;
    return Float32Array.from(vector, (value) => value / length);
  };
  const dot = (one, other) => one.reduce((sum, value, place) => sum + value * other[place], 0);

  /** The vectors of rows of tokens, of one length each, divided by their length. */
  const vectors = async (run, rows) => {
    const feeds = { input_ids: ["int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]] };
    const { outputs, took } = await run(feeds);
    const width = outputs.output.dims.at(-1);
    const found = rows.map((_, place) => normal(outputs.output.data.subarray(place * width, (place + 1) * width)));
    return { found, took };
  };

  const vocabulary = async (run, reader) => {
    if (words) return words;
    const barred = [input.pad_token_id, input.unk_token_id];
    const ids = [...reader.names.keys()].filter((id) => !barred.includes(id)).sort((a, b) => a - b);
    const found = [];
    for (let start = 0; start < ids.length; start += PART) {
      const part = ids.slice(start, start + PART).map((id) => [id]);
      found.push(...(await vectors(run, part)).found);
    }
    words = { ids, found, place: new Map(ids.map((id, place) => [id, place])) };
    return words;
  };

  const plus = zooElement("input", { type: "text", value: "", spellcheck: "false" });
  const minus = zooElement("input", { type: "text", value: "", spellcheck: "false" });
  const lines = zooElement("textarea", { rows: 6, lang: input.language || null });

  const near = answer(async ({ run, reader }) => {
    const began = performance.now();
    const known = await vocabulary(run, reader);
    const split = (field) => field.value.trim().split(/\s+/).filter(Boolean);
    const sum = new Float32Array(known.found[0].length);
    const given = new Set();
    for (const [field, sign] of [[plus, 1], [minus, -1]]) {
      for (const word of split(field)) {
        const place = known.place.get(reader.words.get(word));
        if (place === undefined) {
          say("unknown_word", { word });
          return;
        }
        given.add(place);
        known.found[place].forEach((value, number) => (sum[number] += sign * value));
      }
    }
    if (!given.size) {
      say("empty");
      return;
    }
    const direction = normal(sum);
    const scores = known.found.map((vector, place) => (given.has(place) ? -2 : dot(direction, vector)));
    const rows = zooAnswers.top(scores, SHOWN).map((place) => ({
      label: reader.names.get(known.ids[place]),
      score: scores[place],
    }));
    bars.show(rows);
    const found = rows.map((row) => row.label).join(", ");
    const took = zooParts.milliseconds(performance.now() - began);
    document.getElementById("say").textContent = `${found} · ${took}`;
  });

  const compare = answer(async ({ run, reader }) => {
    const texts = lines.value.split("\n").filter((line) => line.trim());
    const rows = texts.map((text) => reader.encode(text).slice(0, Math.min(input.max_length, LENGTH * 8)));
    if (!rows.length || rows.some((row) => !row.length)) {
      say("empty");
      return;
    }
    const found = [];
    let took = 0;
    for (const row of rows) {
      const one = await vectors(run, [row]);
      found.push(one.found[0]);
      took += one.took;
    }
    bars.show(found.map((vector, place) => ({ label: texts[place].slice(0, 60), score: dot(found[0], vector) })));
    document.getElementById("say").textContent = zooParts.milliseconds(took);
  });

  const labelled = (text, field) => zooElement("label", {}, zooElement("span", { text }), field);
  if (model.hasWords) {
    const first = (one) => {
      plus.value = one.text.trim();
      minus.value = "";
      near();
    };
    const single = { ...model, examples: model.examples.filter((one) => !/\s/.test(one.text.trim())) };
    plus.addEventListener("change", near);
    minus.addEventListener("change", near);
    place.replaceChildren(
      zooElement(
        "div",
        { class: "two" },
        zooElement("div", {}, zooParts.examples(single, first), zooElement("div", { class: "fields" }, labelled("plus", plus), labelled("minus", minus))),
        zooElement("div", {}, zooElement("p", { text: "nearest" }), bars.box),
      ),
    );
    return () => {
      if (single.examples.length) first(single.examples[0]);
      else say("ready");
    };
  }
  const fill = () => {
    lines.value = model.examples.map((one) => one.text.replaceAll("\n", " ")).join("\n");
    return compare();
  };
  lines.addEventListener("input", compare);
  place.replaceChildren(
    zooElement("div", { class: "two" }, zooElement("div", {}, labelled("several_texts", lines)), zooElement("div", {}, bars.box)),
  );
  return fill;
});
