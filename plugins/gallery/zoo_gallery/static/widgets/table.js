// A row of numbers goes in: a class or a number comes out. Of one or two columns the
// answers for all values are drawn as well.
"use strict";

zooWidget(({ model, place, answer }) => {
  const { input, output } = model;
  const columns = input.columns;
  const classes = output.kind === "classes";
  const SIDE = 60; // values of a column that the drawing tries
  const big = zooElement("p", { class: "big" });
  const bars = zooParts.bars();

  const fields = columns.map((column) =>
    zooElement("input", {
      type: "number",
      step: "any",
      value: Number(((column.low + column.high) / 2).toPrecision(3)),
      name: column.name,
    }),
  );
  const labels = columns.map((column, number) => {
    const unit = column.unit ? ` (${column.unit})` : "";
    const range = zooText("range", { low: column.low, high: column.high });
    return zooElement("label", { title: range }, `${column.name.replaceAll("_", " ")}${unit}`, fields[number]);
  });
  const row = () => fields.map((field) => field.valueAsNumber);

  const plot = columns.length <= 2 ? zooElement("canvas", { class: "large", width: 340, height: 300, role: "img" }) : null;
  const caption = columns.length === 2 ? "plane" : "line";

  /** Of several rows one number each: the share of the last label, or the number. */
  const values = (outputs, count) => {
    const width = outputs.output.data.length / count;
    return Array.from({ length: count }, (_, place) => {
      const found = outputs.output.data.subarray(place * width, (place + 1) * width);
      return classes ? zooAnswers.scores(found, output).at(-1) : found[0];
    });
  };

  const share = (number, value) => (value - columns[number].low) / (columns[number].high - columns[number].low);
  const grid = (number, size) => {
    const { low, high } = columns[number];
    return Array.from({ length: size }, (_, place) => low + ((place + 0.5) / size) * (high - low));
  };

  const drawPlane = async (run) => {
    const rows = grid(1, SIDE).flatMap((y) => grid(0, SIDE).map((x) => [x, y]));
    const feeds = { input: ["float32", Float32Array.from(rows.flat()), [rows.length, 2]] };
    const found = values((await run(feeds)).outputs, rows.length);
    const [least, most] = [Math.min(...found), Math.max(...found)];
    const screen = plot.getContext("2d");
    const [wide, high] = [plot.width / SIDE, plot.height / SIDE];
    found.forEach((value, place) => {
      const part = classes ? value : (value - least) / (most - least || 1);
      screen.fillStyle = `hsl(${225 - 190 * part} 75% 62%)`;
      const line = SIDE - 1 - Math.floor(place / SIDE);
      screen.fillRect((place % SIDE) * wide, line * high, wide + 1, high + 1);
    });
    const [x, y] = row();
    cross(share(0, x) * plot.width, (1 - share(1, y)) * plot.height);
  };

  const drawLine = async (run) => {
    const xs = grid(0, 4 * SIDE);
    const feeds = { input: ["float32", Float32Array.from(xs), [xs.length, 1]] };
    const found = values((await run(feeds)).outputs, xs.length);
    const own = values((await run(feed())).outputs, 1)[0];
    const [least, most] = [Math.min(...found, own), Math.max(...found, own)];
    const height = (value) => plot.height * (0.95 - (0.9 * (value - least)) / (most - least || 1));
    const screen = plot.getContext("2d");
    screen.fillStyle = "#ffffff";
    screen.fillRect(0, 0, plot.width, plot.height);
    screen.strokeStyle = "#2457c5";
    screen.lineWidth = 2.5;
    screen.beginPath();
    found.forEach((value, place) => screen.lineTo((plot.width * place) / xs.length, height(value)));
    screen.stroke();
    cross(share(0, row()[0]) * plot.width, height(own));
  };

  const cross = (x, y) => {
    const screen = plot.getContext("2d");
    for (const [colour, width] of [["#ffffff", 5], ["#000000", 2]]) {
      screen.strokeStyle = colour;
      screen.lineWidth = width;
      screen.beginPath();
      screen.moveTo(x - 8, y);
      screen.lineTo(x + 8, y);
      screen.moveTo(x, y - 8);
      screen.lineTo(x, y + 8);
      screen.stroke();
    }
  };

  const feed = () => ({ input: ["float32", Float32Array.from(row()), [1, columns.length]] });

  const look = answer(async ({ run }) => {
    if (row().some(Number.isNaN)) return;
    const { outputs, took } = await run(feed());
    let said;
    if (classes && output.multi_label) {
      const scores = zooAnswers.scores(outputs.output.data, output);
      const rows = output.labels.map((label, number) => ({ label, score: scores[number] }));
      bars.show(rows);
      said = rows.filter((one) => one.score >= 0.5).map((one) => one.label).join(", ") || "–";
      big.textContent = said;
    } else if (classes) {
      const rows = zooAnswers.ranked(outputs.output.data, output);
      bars.show(rows.slice(0, 10));
      big.textContent = rows[0].label;
      said = `${rows[0].label} (${(100 * rows[0].score).toFixed(2)}%)`;
    } else {
      const value = outputs.output.data[0];
      said = `${output.name.replaceAll("_", " ")}: ${value.toPrecision(5)} ${output.unit}`.trim();
      big.textContent = said;
    }
    document.getElementById("say").textContent = `${said} · ${zooParts.milliseconds(took)}`;
    if (plot && !output.multi_label) {
      plot.setAttribute("aria-label", zooText(caption));
      await (columns.length === 2 ? drawPlane(run) : drawLine(run));
    }
  });

  const choose = (one, number = 0) => {
    one.rows[number].forEach((value, place) => (fields[place].value = value));
    look();
  };
  const rows = model.examples.flatMap((one) =>
    one.rows.slice(0, 6).map((_, number) =>
      zooElement("button", { type: "button", onclick: () => choose(one, number) }, zooElement("span", { text: "row" }), ` ${number + 1}`),
    ),
  );
  for (const field of fields) field.addEventListener("input", look);
  const drawn = plot && !output.multi_label ? [plot, zooElement("p", { class: "note", text: caption })] : [];
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement("div", {}, zooElement("div", { class: "row", role: "group", label: "examples" }, ...rows), zooElement("div", { class: "fields" }, ...labels)),
      zooElement("div", {}, big, ...(classes ? [bars.box] : []), ...drawn),
    ),
  );
  return () => (model.examples.length ? choose(model.examples[0]) : look());
});
