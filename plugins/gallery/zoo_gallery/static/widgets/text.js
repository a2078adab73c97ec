// A text goes in while it is written: its class comes out, or what fills its gaps.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input, output } = model;
  const text = zooElement("textarea", { rows: 5, lang: input.language || null, id: "text" });
  const big = zooElement("p", { class: "big" });
  const bars = zooParts.bars();
  const SHOWN = 5; // fillings of a gap

  const look = answer(async ({ run, reader }) => {
    let ids = reader.encode(text.value);
    if (!ids.length) {
      say("empty");
      return;
    }
    const cut = ids.length > input.max_length;
    ids = ids.slice(0, input.max_length);
    const feeds = { input_ids: ["int64", BigInt64Array.from(ids, BigInt), [1, ids.length]] };
    let said;
    if (output.kind === "classes") {
      const { outputs, took } = await run(feeds);
      const rows = zooAnswers.ranked(outputs.output.data, output);
      bars.show(rows.slice(0, 10));
      big.textContent = rows[0].label;
      said = `${rows[0].label} (${(100 * rows[0].score).toFixed(2)}%) · ${zooParts.milliseconds(took)}`;
    } else {
      const gaps = ids.flatMap((id, number) => (id === output.mask_token_id ? [number] : []));
      if (!gaps.length) {
        say("no_gap", { mask: reader.names.get(output.mask_token_id) });
        return;
      }
      const { outputs, took } = await run(feeds);
      const width = outputs.output.dims.at(-1);
      const rows = gaps.flatMap((gap) => {
        const chances = zooAnswers.softmax(outputs.output.data.subarray(gap * width, (gap + 1) * width));
        return zooAnswers.top(chances, SHOWN).map((id) => ({
          label: reader.names.get(id) ?? String(id),
          score: chances[id],
        }));
      });
      bars.show(rows);
      big.textContent = gaps.map((_, number) => rows[number * SHOWN].label).join(", ");
      said = `${big.textContent} · ${zooParts.milliseconds(took)}`;
    }
    const note = cut ? ` ${zooText("cut", { n: input.max_length })}` : "";
    document.getElementById("say").textContent = said + note;
  });

  const choose = (one) => {
    text.value = one.text;
    look();
  };
  text.addEventListener("input", look);
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement("div", {}, zooParts.examples(model, choose), zooElement("label", {}, zooElement("span", { text: "text" }), text)),
      zooElement("div", {}, big, bars.box),
    ),
  );
  return () => (model.examples.length ? choose(model.examples[0]) : look());
});
