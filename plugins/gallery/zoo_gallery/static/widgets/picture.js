// A picture goes in: its class, its pixels' labels, its objects, its text, or a picture
// comes out.
"use strict";

zooWidget(({ model, place, say, answer }) => {
  const { input, output } = model;
  // Pixels of a side; a larger photograph is shrunk before. Some models compute each pixel.
  const MOST = { "scaled-image": 256, "colorized-image": 512 }[output.kind] ?? 1024;
  const PAD = 280; // pixels of a side of the pad for drawing
  const digits = output.kind === "classes" && output.labels.join("") === "0123456789";
  const draws = digits && input.background === "dark" && input.height === input.width;

  const shown = zooElement("canvas", { class: "large", width: 1, height: 1, role: "img", label: "picture" });
  const screen = shown.getContext("2d", { willReadFrequently: true });
  const big = zooElement("p", { class: "big" });
  const bars = zooParts.bars();
  const result = zooElement("canvas", { class: "large", width: 1, height: 1, role: "img", label: "answer" });
  const note = zooElement("p", { class: "note" });
  const colours = input.label_colors.map((one) => one.color);
  const paints = colours.length > 0;
  const layers = zooElement("div", { class: "layers" });
  const SHOWN = 32; // maps of a layer
  let current = null; // {width, height, rgba}

  // What is shown of an answer, by the kind of the output

  const redraw = () => {
    const pixels = new ImageData(current.rgba, current.width, current.height);
    [shown.width, shown.height] = [current.width, current.height];
    screen.putImageData(pixels, 0, 0);
  };

  const put = (canvas, rgba, width, height) => {
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    canvas.classList.toggle("pixels", Math.max(width, height) < 200);
  };

  const colour = (number) => `hsl(${(number * 137 + 330) % 360} 90% 55%)`;

  /** Red, green and blue of a colour, as bytes. */
  const bytes = (number) => {
    const dot = new OffscreenCanvas(1, 1).getContext("2d");
    dot.fillStyle = colour(number);
    dot.fillRect(0, 0, 1, 1);
    return dot.getImageData(0, 0, 1, 1).data.slice(0, 3);
  };

  /** Colour pixels of the picture that is shown: those of a box where `inside` is not 0. */
  const cover = (inside, { xmin, ymin, xmax, ymax }, number) => {
    const part = screen.getImageData(xmin, ymin, xmax - xmin, ymax - ymin);
    const tint = bytes(number);
    inside.forEach((is, place) => {
      if (!is) return;
      for (let channel = 0; channel < 3; channel++) {
        part.data[4 * place + channel] = (part.data[4 * place + channel] + tint[channel]) / 2;
      }
    });
    screen.putImageData(part, xmin, ymin);
  };

  const show = {
    classes({ output: found, label, score }) {
      const rows = label
        ? label.data.map((name, place) => ({ label: name, score: score.data[place] }))
        : zooAnswers.ranked(found.data, output);
      big.textContent = rows[0].label;
      bars.show(rows.slice(0, 10));
      return `${rows[0].label} (${(100 * rows[0].score).toFixed(2)}%)`;
    },

    mask({ output: found }) {
      const [, count, height, width] = found.dims;
      const { numbers, shares } = zooAnswers.mask(found.data, [count, height, width], output);
      const layer = document.createElement("canvas");
      const rgba = new Uint8ClampedArray(4 * numbers.length);
      const tints = output.labels.map((_, number) => [...bytes(number - 1), number ? 140 : 0]);
      numbers.forEach((number, place) => rgba.set(tints[number], 4 * place));
      put(layer, rgba, width, height);
      redraw();
      screen.drawImage(layer, 0, 0, current.width, current.height);
      const rows = output.labels.map((label, place) => ({
        label,
        score: shares[place],
        colour: place ? colour(place - 1) : null,
      }));
      bars.show(rows.sort((a, b) => b.score - a.score));
      big.textContent = zooText("shares");
      return rows.map((row) => `${row.label} ${(100 * row.score).toFixed(1)}%`).join(", ");
    },

    instances({ output: found }) {
      const objects = zooAnswers.objects(found.data, found.dims.slice(1), output);
      const numbers = found.dims[2];
      redraw();
      [...objects.entries()].reverse().forEach(([number, { box, place }]) => {
        const logits = found.data.subarray(place * numbers + 5 + output.labels.length, (place + 1) * numbers);
        const inside = zooAnswers.instanceMask(logits, output.mask_size, box, current.width, current.height);
        cover(inside, zooAnswers.wholeBox(box, current.width, current.height), number);
      });
      big.textContent = zooText("objects", { n: objects.length });
      bars.show(objects.slice(0, 10).map((one, number) => ({ ...one, colour: colour(number) })));
      return objects.length ? big.textContent : zooText("nothing_found");
    },

    boxes({ output: found }) {
      const objects = zooAnswers.objects(found.data, found.dims.slice(1), output);
      redraw();
      screen.lineWidth = Math.max(1.5, current.width / 200);
      for (const { box, label } of objects) {
        const [x, y] = [box[0] * current.width, box[1] * current.height];
        screen.strokeStyle = colour(output.labels.indexOf(label));
        screen.strokeRect(x, y, box[2] * current.width - x, box[3] * current.height - y);
      }
      const counts = output.labels.map((label) => objects.filter((one) => one.label === label).length);
      big.textContent = zooText("objects", { n: objects.length });
      bars.show(objects.slice(0, 10).map((one) => ({ ...one, colour: colour(output.labels.indexOf(one.label)) })));
      if (!objects.length) return zooText("nothing_found");
      return output.labels.map((label, place) => `${label}: ${counts[place]}`).join(", ");
    },

    keypoints({ output: found }) {
      const points = zooAnswers.keypoints(found.data, found.dims.slice(1), output);
      redraw();
      screen.fillStyle = "#ff2d8e";
      for (const { x, y } of points) {
        screen.beginPath();
        screen.arc(x * current.width, y * current.height, Math.max(1.5, current.width / 90), 0, 7);
        screen.fill();
      }
      big.textContent = zooText("points", { n: points.length });
      bars.show([...points].sort((a, b) => b.score - a.score).slice(0, 10));
      return big.textContent;
    },

    ocr({ output: found }) {
      const text = zooAnswers.bestPath(found.data, found.dims.slice(1), output);
      big.textContent = text;
      return zooText("reads", { text });
    },

    image({ output: found }) {
      const [, channels, height, width] = found.dims;
      const rgba = zooAnswers.pixels(found.data, [channels, height, width], output);
      put(result, rgba, width, height);
      return `${width}x${height}`;
    },
  };
  show["scaled-image"] = show["colorized-image"] = show.image;

  /** What convolutions see, a drawing for each: its maps side by side, the largest number white. */
  const drawLayers = (outputs) => {
    const names = Object.keys(outputs).filter((name) => name.startsWith("layer."));
    const drawn = names.map((name, number) => {
      const { data, dims } = outputs[name];
      const [, count, height, width] = dims;
      const across = Math.min(count, Math.max(4, Math.floor(256 / (width + 1))));
      const down = Math.ceil(Math.min(count, SHOWN) / across);
      const map = zooElement("canvas", { class: "pixels", role: "img" });
      [map.width, map.height] = [across * (width + 1) - 1, down * (height + 1) - 1];
      const least = data.reduce((a, b) => Math.min(a, b), Infinity);
      const most = data.reduce((a, b) => Math.max(a, b), -Infinity);
      const screen = map.getContext("2d");
      for (let one = 0; one < Math.min(count, SHOWN); one++) {
        const pixels = screen.createImageData(width, height);
        for (let place = 0; place < width * height; place++) {
          const light = (255 * (data[one * width * height + place] - least)) / (most - least || 1);
          pixels.data.set([light, light, light, 255], 4 * place);
        }
        screen.putImageData(pixels, (one % across) * (width + 1), Math.floor(one / across) * (height + 1));
      }
      const text = zooText("layer", { n: number + 1, count, width, height });
      map.setAttribute("aria-label", text);
      return zooElement("figure", {}, map, zooElement("figcaption", { class: "note" }, text));
    });
    layers.replaceChildren(...drawn);
  };

  const look = answer(async ({ run }) => {
    if (!current) return;
    if (paints && !zooAnswers.isLabelMap(current.rgba, current.width, current.height, colours)) {
      say("no_label_map");
      return;
    }
    const pixels = zooAnswers.prepared(current.rgba, input);
    const dims = [1, current.height, current.width, input.channels];
    const { outputs, took } = await run({ image: ["uint8", pixels, dims] });
    const said = show[output.kind](outputs);
    drawLayers(outputs);
    document.getElementById("say").textContent = `${said} · ${zooParts.milliseconds(took)}`;
  });

  // Where pictures come from

  /** Make a picture grey: of what gets colours, none are shown before. */
  const takeColours = (rgba) => {
    for (let place = 0; place < rgba.length; place += 4) {
      rgba.fill(zooAnswers.grey(rgba[place], rgba[place + 1], rgba[place + 2]), place, place + 3);
    }
  };

  const take = async (source) => {
    const bitmap = await createImageBitmap(source, { colorSpaceConversion: "none" });
    const share = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(share * bitmap.width));
    const height = Math.max(1, Math.round(share * bitmap.height));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    current = { width, height, rgba: context.getImageData(0, 0, width, height).data };
    if (output.kind === "colorized-image") takeColours(current.rgba);
    note.textContent = share < 1 ? zooText("shrunk", { width, height }) : "";
    shown.classList.toggle("pixels", Math.max(width, height) < 200);
    redraw();
    await look();
  };

  const blob = (url) => {
    const [head, coded] = url.split(",");
    const bytes = Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0));
    return new Blob([bytes], { type: head.slice(5).split(";")[0] });
  };

  const file = zooElement("input", {
    type: "file",
    accept: "image/*",
    onchange: () => file.files.length && take(file.files[0]).catch((error) => say("failed", { problem: error.message })),
  });
  const drop = zooElement("label", { class: "drop" }, zooElement("span", { text: "choose_picture" }), file);
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [first] = event.dataTransfer.files;
    if (first) take(first).catch((error) => say("failed", { problem: error.message }));
  });
  const choose = (one) => take(blob(one.image)).catch((error) => say("failed", { problem: error.message }));

  // A pad to draw a digit on

  const pad = () => {
    const canvas = zooElement("canvas", { class: "large pad", width: PAD, height: PAD, tabindex: 0, role: "application", label: "draw" });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const pen = { x: PAD / 2, y: PAD / 2, down: true };
    const wipe = () => {
      context.fillStyle = "#000";
      context.fillRect(0, 0, PAD, PAD);
    };
    const moved = () => {
      const drawn = context.getImageData(0, 0, PAD, PAD).data;
      const ink = Uint8Array.from({ length: PAD * PAD }, (_, place) => drawn[4 * place]);
      const where = zooAnswers.centred(ink, PAD);
      if (!where) return;
      const other = new OffscreenCanvas(PAD, PAD).getContext("2d");
      other.fillStyle = "#000";
      other.fillRect(0, 0, PAD, PAD);
      other.imageSmoothingQuality = "high";
      other.drawImage(canvas, where.x, where.y, where.scale * PAD, where.scale * PAD);
      current = { width: PAD, height: PAD, rgba: other.getImageData(0, 0, PAD, PAD).data };
      redraw();
      look();
    };
    const line = (x, y) => {
      context.strokeStyle = "#fff";
      context.lineWidth = 22;
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      context.moveTo(pen.x, pen.y);
      context.lineTo(x, y);
      context.stroke();
      [pen.x, pen.y] = [x, y];
      moved();
    };
    const at = (event) => {
      const frame = canvas.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top].map((v) => (v * PAD) / frame.width);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      [pen.x, pen.y] = at(event);
      line(pen.x, pen.y);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) line(...at(event));
    });
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
      if (event.key === " ") pen.down = !pen.down;
      else if (!steps[event.key]) return;
      event.preventDefault();
      if (event.key === " ") return;
      const [x, y] = [pen.x + steps[event.key][0], pen.y + steps[event.key][1]].map((v) => Math.min(PAD, Math.max(0, v)));
      if (pen.down) line(x, y);
      else [pen.x, pen.y] = [x, y];
    });
    wipe();
    const button = zooElement("button", { type: "button", text: "wipe", onclick: wipe });
    return [zooElement("p", { class: "note", text: "draw" }), canvas, zooElement("div", { class: "row" }, button)];
  };

  // Areas of labels to paint on the picture

  const painting = () => {
    let [chosen, from] = [input.label_colors[0], null];
    const buttons = input.label_colors.map((one) => {
      const pot = zooElement("i", { class: "pot" });
      pot.style.background = `rgb(${one.color})`;
      const button = zooElement("button", { type: "button", "aria-pressed": String(one === chosen) }, pot, one.label);
      button.addEventListener("click", () => {
        chosen = one;
        buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      });
      return button;
    });
    const at = (event) => {
      const frame = shown.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top].map((v) => (v * shown.width) / frame.width);
    };
    shown.classList.add("pad");
    shown.addEventListener("pointerdown", (event) => {
      shown.setPointerCapture(event.pointerId);
      from = at(event);
    });
    shown.addEventListener("pointerup", (event) => {
      if (!from || !current) return;
      const to = at(event);
      const [left, top] = [0, 1].map((axis) => Math.floor(Math.min(from[axis], to[axis])));
      const [right, bottom] = [0, 1].map((axis) => Math.ceil(Math.max(from[axis], to[axis])));
      screen.fillStyle = `rgb(${chosen.color})`;
      screen.fillRect(left, top, right - left, bottom - top);
      current.rgba = screen.getImageData(0, 0, shown.width, shown.height).data;
      from = null;
      look();
    });
    const group = zooElement("div", { class: "row", role: "group", label: "labels" }, ...buttons);
    return [zooElement("p", { class: "note", text: "paint" }), group];
  };

  const pictures = ["image", "scaled-image", "colorized-image"].includes(output.kind);
  const comes = pictures ? [result] : output.kind === "ocr" ? [big] : [big, bars.box];
  place.replaceChildren(
    zooElement(
      "div",
      { class: "two" },
      zooElement("div", {}, ...(draws ? pad() : []), ...(paints ? painting() : []), zooParts.examples(model, choose), drop, note),
      zooElement("div", {}, shown, ...comes),
    ),
    layers,
  );
  return () => (model.examples.length ? choose(model.examples[0]) : look());
});
