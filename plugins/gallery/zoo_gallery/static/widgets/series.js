// The last rows of a series go in: what comes next comes out, or how unusual they are.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input, output } = model;
  const count = input.columns.length;
  const big = zooElement("p", { class: "big" });
  const plot = zooElement("canvas", { class: "large", width: 640, height: 320, role: "img", label: "series_picture" });
  const text = zooElement("textarea", { rows: 8, spellcheck: "false", id: "series-rows" });
  const slider = zooElement("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0 });
  const NOISE = 7; // the seed of what disturbs a series: the same each time
  const anomaly = output.kind === "anomaly";

  const rows = () =>
    text.value.trim().split("\n").map((line) => line.trim().split(/[\s,;]+/).map(Number));
  const valid = (found) => found.length >= input.length && found.every((row) => row.length === count && row.every(Number.isFinite));

  const disturbed = (found) => {
    const noise = new ZooRandom(NOISE).normal(found.length * count);
    const strength = slider.valueAsNumber;
    return found.map((row, r) =>
      row.map((value, c) => {
        const { low, high } = input.columns[c];
        return value + strength * (high - low) * 0.25 * noise[r * count + c];
      }),
    );
  };

  const draw = (found, next) => {
    const shown = count - 1; // the last column: closing prices, voltages
    const values = found.map((row) => row[shown]).concat(next);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const x = (number) => 20 + (600 * number) / Math.max(1, values.length - 1);
    const y = (value) => 300 - (280 * (value - least)) / (most - least || 1);
    const screen = plot.getContext("2d");
    screen.fillStyle = "#ffffff";
    screen.fillRect(0, 0, plot.width, plot.height);
    screen.strokeStyle = "#2457c5";
    screen.lineWidth = 2.5;
    screen.beginPath();
    found.forEach((row, number) => screen.lineTo(x(number), y(row[shown])));
    screen.stroke();
    screen.fillStyle = "#d6006c";
    next.forEach((value, number) => {
      screen.beginPath();
      screen.arc(x(found.length + number), y(value), 5, 0, 7);
      screen.fill();
    });
  };

  const look = answer(async ({ run }) => {
    const given = rows();
    if (!valid(given)) {
      say("too_few", { n: input.length, count });
      return;
    }
    const found = disturbed(given.slice(-input.length));
    const feeds = { input: ["float32", Float32Array.from(found.flat()), [1, input.length, count]] };
    const { outputs, took } = await run(feeds);
    const numbers = Array.from(outputs.output.data);
    let said;
    if (anomaly) {
      const [score, threshold] = numbers;
      big.textContent = zooText(score > threshold ? "unusual" : "usual");
      said = zooText("score", { score: score.toPrecision(4), threshold: threshold.toPrecision(4) });
      draw(found, []);
    } else {
      const unit = output.unit ? ` ${output.unit}` : "";
      said = `${output.name.replaceAll("_", " ")}: ${numbers.map((v) => v.toPrecision(5)).join(", ")}${unit}`;
      big.textContent = said;
      draw(found, numbers);
    }
    document.getElementById("say").textContent = `${said} · ${zooParts.milliseconds(took)}`;
  });

  const choose = (one) => {
    text.value = one.rows.slice(-input.length).map((row) => row.join(", ")).join("\n");
    slider.value = 0;
    look();
  };
  text.addEventListener("input", look);
  slider.addEventListener("input", look);
  const names = input.columns.map((column) => column.name).join(", ");
  const label = zooElement("span", {});
  const name = () => (label.textContent = `${zooText("series", { n: input.length })} (${names})`);
  name();
  document.addEventListener("zoo-language", name);
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement(
        "div",
        {},
        zooParts.examples(model, choose),
        zooElement("label", {}, label, text),
        zooElement("label", {}, zooElement("span", { text: "disturb" }), zooElement("br"), slider),
      ),
      zooElement("div", {}, big, plot),
    ),
  );
  return () => (model.examples.length ? choose(model.examples[0]) : look());
});
