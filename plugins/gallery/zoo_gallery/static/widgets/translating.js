// A text goes in while it is written: its translation comes out, with the attention.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input, output } = model;
  const [READ, STEP] = ["encode_source.onnx", "decode_step.onnx"];
  const NEXT = "next."; // before what a step changes of the memory
  const text = zooElement("textarea", { rows: 3, lang: input.language || null });
  const beams = zooElement("input", { type: "number", min: 1, max: 10, step: 1, value: 4 });
  const big = zooElement("p", { class: "big", lang: output.language || null });
  const others = zooElement("ul", { class: "others", lang: output.language || null });
  const map = zooElement("div", { class: "scroll", tabindex: "0", role: "region", label: "attention" });
  const note = zooElement("p", { class: "note", text: "attention_note" });
  const barred = [input.pad_token_id, output.bos_token_id].filter((id) => id !== output.eos_token_id);

  /** The rows of a tensor, in the order of `rows`. */
  const picked = ({ type, data, dims }, rows) => {
    const size = data.length / dims[0];
    const found = new data.constructor(rows.length * size);
    rows.forEach((row, place) => found.set(data.subarray(row * size, (row + 1) * size), place * size));
    return { type, data: found, dims: [rows.length, ...dims.slice(1)] };
  };

  const fed = ({ type, data, dims }) => [type, data, dims];

  /** The best texts for a source, the best first, and how long the graphs took. */
  const search = async (run, ids) => {
    const first = await run({ input_ids: ["int64", BigInt64Array.from(ids, BigInt), [1, ids.length]] }, READ);
    let [memory, took] = [first.outputs, first.took];
    const found = new ZooBeams(ids.length, { beams: beams.valueAsNumber, lengthPenalty: 1 }, output);
    while (found.kept.length) {
      const token = BigInt64Array.from(found.kept, (one) => BigInt(one.tokens.at(-1)));
      const feeds = { token: ["int64", token, [token.length]] };
      for (const [name, one] of Object.entries(memory)) feeds[name] = fed(one);
      const step = await run(feeds, STEP);
      took += step.took;
      const { output: logits, attention, ...changed } = step.outputs;
      const rows = found.grow(logits.data, attention.data, barred);
      if (!rows.length) break;
      const after = Object.entries(memory).map(([name, one]) => [name, picked(changed[NEXT + name] ?? one, rows)]);
      memory = Object.fromEntries(after);
    }
    return { texts: found.results(), took };
  };

  /** A table of how much each token of the source counted for each that was written. */
  const draw = (best, ids, reader) => {
    const tokens = best.finished ? [...best.tokens, output.eos_token_id] : best.tokens;
    const moves = best.attention.some((row) => row.some((value, at) => value !== best.attention[0][at]));
    map.hidden = note.hidden = !moves;
    const head = ids.map((id) => zooElement("th", { scope: "col" }, reader.piece(id)));
    const rows = tokens.map((id, row) => {
      const cells = best.attention[row].map((weight) => {
        const shown = zooElement("td", {}, zooElement("span", { class: "unseen" }, weight.toFixed(2)));
        shown.style.setProperty("--weight", `${Math.round(100 * weight)}%`);
        return shown;
      });
      return zooElement("tr", {}, zooElement("th", { scope: "row" }, reader.piece(id)), ...cells);
    });
    const top = zooElement("tr", {}, zooElement("td", {}), ...head);
    map.replaceChildren(zooElement("table", { class: "attention" }, zooElement("tbody", {}, top, ...rows)));
  };

  const look = answer(async ({ run, reader }) => {
    const ids = reader.encode(text.value.trim().split(/\s+/).join(" "));
    const enough = beams.valueAsNumber >= 1 && beams.valueAsNumber <= 10;
    if (!text.value.trim() || !enough) {
      say("empty");
      return;
    }
    if (ids.length > input.max_length) {
      say("too_long", { n: ids.length, most: input.max_length });
      return;
    }
    const { texts, took } = await search(run, ids);
    const [best, ...rest] = texts.map((one) => ({ ...one, text: reader.decode(one.tokens) }));
    big.textContent = best.text;
    others.replaceChildren(...rest.map((one) => zooElement("li", {}, `${one.text} (${one.score.toFixed(2)})`)));
    draw(best, ids, reader);
    document.getElementById("say").textContent = `${best.text} (${best.score.toFixed(4)}) · ${zooParts.milliseconds(took)}`;
  });

  const choose = (one) => {
    text.value = one.text;
    return look();
  };
  text.addEventListener("input", look);
  beams.addEventListener("input", look);
  const labelled = (name, field) => zooElement("label", {}, zooElement("span", { text: name }), field);
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement(
        "div",
        {},
        zooParts.examples(model, choose),
        labelled("text", text),
        zooElement("div", { class: "row" }, labelled("beams", beams)),
      ),
      zooElement("div", {}, big, others),
    ),
    note,
    map,
  );
  return () => (model.examples.length ? choose(model.examples[0]) : look());
});
