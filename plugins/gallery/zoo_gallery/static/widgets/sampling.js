// Numbers go in, drawn from a seed or set by hand: a picture comes out.
"use strict";

zooWidget(({ model, place, answer }) => {
  const { output, latentDim } = model;
  const name = model.graphs[0];
  const given = model.input.kind === "noise" && name === "forward.onnx" ? "input" : "code";
  const canvas = zooElement("canvas", { class: "large pixels", width: 1, height: 1, role: "img", label: "draw_picture" });
  const seed = zooElement("input", { type: "number", min: 0, step: 1, value: 0 });
  let code = new Float32Array(latentDim);

  const sliders = Array.from(code, (_, number) => {
    const slider = zooElement("input", { type: "range", min: -3, max: 3, step: 0.01, value: 0 });
    slider.addEventListener("input", () => {
      code[number] = slider.valueAsNumber;
      look();
    });
    return slider;
  });

  const look = answer(async ({ run }) => {
    const feeds = { [given]: ["float32", code.slice(), [1, latentDim]] };
    const { outputs, took } = await run(feeds);
    const found = outputs.output;
    const [, channels, height, width] = found.dims;
    const rgba = zooAnswers.pixels(found.data, [channels, height, width], output);
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    document.getElementById("say").textContent = zooParts.milliseconds(took);
  });

  const draw = () => {
    if (!(seed.valueAsNumber >= 0)) return;
    code = new ZooRandom(Math.floor(seed.valueAsNumber)).normal(latentDim);
    sliders.forEach((slider, number) => (slider.value = code[number]));
    return look();
  };
  seed.addEventListener("input", draw);
  const again = zooElement("button", {
    type: "button",
    text: "example",
    onclick: () => {
      seed.value = seed.valueAsNumber + 1 || 0;
      draw();
    },
  });
  const labelled = sliders.map((slider, number) => zooElement("label", {}, String(number + 1), slider));
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement(
        "div",
        {},
        canvas,
        zooElement("div", { class: "row" }, zooElement("label", {}, zooElement("span", { text: "seed" }), seed), again),
        zooElement("p", { class: "note", text: "same_seed" }),
      ),
      zooElement("div", {}, zooElement("p", { text: "numbers" }), zooElement("div", { class: "sliders", role: "group", tabindex: "0", label: "numbers" }, ...labelled)),
    ),
  );
  return draw;
});
