// From a graph's numbers to answers, as zoo's tasks make them. Nothing here knows a page.
"use strict";

const zooAnswers = {
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),

  softmax(logits) {
    const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const parts = Array.from(logits, (value) => Math.exp(value - most));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.map((part) => part / sum);
  },

  /** The score of every label of one row. */
  scores(output, spec) {
    if (spec.function_to_apply === "softmax") return zooAnswers.softmax(output);
    const sigmoid = spec.function_to_apply === "sigmoid";
    const found = Array.from(output, (v) => (sigmoid ? zooAnswers.sigmoid(v) : v));
    return found.length === 1 && spec.labels.length === 2 ? [1 - found[0], found[0]] : found;
  },

  /** The labels and their scores, the best first. */
  ranked(output, spec) {
    const scores = zooAnswers.scores(output, spec);
    const pairs = spec.labels.map((label, place) => ({ label, score: scores[place] }));
    return pairs.sort((a, b) => b.score - a.score);
  },

  /** The places of the largest numbers, the largest first. */
  top(numbers, count) {
    const places = Array.from(numbers.keys()).sort((a, b) => numbers[b] - numbers[a]);
    return places.slice(0, count);
  },

  /** Half to even, as numpy and torch round. */
  round(value) {
    const low = Math.floor(value);
    const rest = value - low;
    if (rest !== 0.5) return Math.round(value);
    return low % 2 ? low + 1 : low;
  },

  /** A picture (channels, height, width) as bytes of red, green, blue and alpha. */
  pixels(output, dims, spec) {
    const [channels, height, width] = dims;
    const area = height * width;
    const found = new Uint8ClampedArray(4 * area);
    for (let place = 0; place < area; place++) {
      for (let channel = 0; channel < 3; channel++) {
        let value = output[(channels === 1 ? 0 : channel) * area + place];
        if (spec.function_to_apply === "sigmoid") value = zooAnswers.sigmoid(value);
        const light = (value - spec.low) / (spec.high - spec.low);
        found[4 * place + channel] = zooAnswers.round(255 * Math.min(1, Math.max(0, light)));
      }
      found[4 * place + 3] = 255;
    }
    return found;
  },

  /** The number of the label of each pixel, and the share of each label. */
  mask(output, dims, spec) {
    const [count, height, width] = dims;
    const area = height * width;
    const numbers = new Uint8Array(area);
    const shares = spec.labels.map(() => 0);
    for (let place = 0; place < area; place++) {
      let best = 0;
      if (spec.function_to_apply === "sigmoid") {
        best = output[place] > 0 ? 1 : 0;
      } else {
        for (let one = 1; one < count; one++) {
          if (output[one * area + place] > output[best * area + place]) best = one;
        }
      }
      numbers[place] = best;
      shares[best] += 1 / area;
    }
    return { numbers, shares };
  },

  /** The objects of a picture, the surest first; boxes are shares of the picture. */
  objects(output, dims, spec) {
    const [boxes, width] = dims;
    const found = [];
    for (let place = 0; place < boxes; place++) {
      const row = output.subarray(place * width, (place + 1) * width);
      const box = Array.from(row.subarray(0, 4), (v) => Math.min(1, Math.max(0, v)));
      const each = zooAnswers.scores(row.subarray(5, 5 + spec.labels.length), { ...spec, labels: [] });
      const [best] = zooAnswers.top(each, 1);
      const score = zooAnswers.sigmoid(row[4]) * each[best];
      const area = (box[2] - box[0]) * (box[3] - box[1]);
      if (score >= spec.threshold && box[2] > box[0] && box[3] > box[1]) {
        found.push({ box, area, score, label: spec.labels[best], place });
      }
    }
    found.sort((a, b) => b.score - a.score);
    const kept = [];
    for (const one of found.slice(0, 1000)) {
      const same = kept.filter((other) => other.label === one.label);
      if (same.every((other) => zooAnswers.overlap(one, other) <= spec.overlap)) kept.push(one);
    }
    return kept.slice(0, spec.max_objects);
  },

  /** A box in whole pixels: no less than one, wherever it lies. */
  wholeBox(box, width, height) {
    const ends = (low, high, size) => {
      const first = Math.min(zooAnswers.round(low * size), size - 1);
      return [first, Math.max(first + 1, zooAnswers.round(high * size))];
    };
    const [xmin, xmax] = ends(box[0], box[2], width);
    const [ymin, ymax] = ends(box[1], box[3], height);
    return { xmin, ymin, xmax, ymax };
  },

  /** Which pixels of an object's box show it: a byte each, row by row, 1 or 0.
   *
   * `logits` are of side x side places of the box; between them chances are interpolated,
   * and one half is enough. `box` are shares of the picture, of width x height pixels.
   */
  instanceMask(logits, side, box, width, height) {
    const whole = zooAnswers.wholeBox(box, width, height);
    const chances = Array.from(logits, zooAnswers.sigmoid);
    const wide = Math.max(1e-6, (box[2] - box[0]) * width);
    const high = Math.max(1e-6, (box[3] - box[1]) * height);
    const within = (value) => Math.min(side - 1, Math.max(0, value));
    const found = new Uint8Array((whole.xmax - whole.xmin) * (whole.ymax - whole.ymin));
    let place = 0;
    for (let row = whole.ymin; row < whole.ymax; row++) {
      const y = within((side * (row + 0.5 - box[1] * height)) / high - 0.5);
      const [above, below] = [Math.floor(y), Math.ceil(y)];
      for (let column = whole.xmin; column < whole.xmax; column++) {
        const x = within((side * (column + 0.5 - box[0] * width)) / wide - 0.5);
        const [left, right] = [Math.floor(x), Math.ceil(x)];
        const mixed = [above, below].map((line) => {
          const one = chances[line * side + left];
          return one + (x - left) * (chances[line * side + right] - one);
        });
        found[place++] = mixed[0] + (y - above) * (mixed[1] - mixed[0]) >= 0.5 ? 1 : 0;
      }
    }
    return found;
  },

  /** Intersection over union. */
  overlap(one, other) {
    const wide = Math.min(one.box[2], other.box[2]) - Math.max(one.box[0], other.box[0]);
    const high = Math.min(one.box[3], other.box[3]) - Math.max(one.box[1], other.box[1]);
    const shared = Math.max(0, wide) * Math.max(0, high);
    return shared / (one.area + other.area - shared);
  },

  /** The points of an object as shares of the picture: the cells near the best vote. */
  keypoints(output, dims, spec) {
    const [, rows, columns] = dims;
    const area = rows * columns;
    const count = spec.labels.length;
    return spec.labels.map((label, point) => {
      const logits = output.subarray(point * area, (point + 1) * area);
      const heat = Array.from(logits, zooAnswers.sigmoid);
      const [best] = zooAnswers.top(heat, 1);
      const [row, column] = [Math.floor(best / columns), best % columns];
      let [x, y, sum] = [0, 0, 0];
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          const cell = r * columns + c;
          const right = output[(count + point) * area + cell];
          const down = output[(2 * count + point) * area + cell];
          x += heat[cell] * ((c + 0.5) / columns + right);
          y += heat[cell] * ((r + 0.5) / rows + down);
          sum += heat[cell];
        }
      }
      return { label, x: x / sum, y: y / sum, score: heat[best] };
    });
  },

  /** The text of the likeliest path: equal neighbours are one, blanks are dropped. */
  bestPath(output, dims, spec) {
    const [steps, width] = dims;
    let text = "";
    let before = 0;
    for (let step = 0; step < steps; step++) {
      const [best] = zooAnswers.top(output.subarray(step * width, (step + 1) * width), 1);
      if (best !== before && best > 0) text += spec.labels[best - 1];
      before = best;
    }
    return text;
  },

  /** Grey of bytes of red, green, blue and alpha, as Pillow mixes it. */
  grey: (r, g, b) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16,

  /** Bytes (height, width, channels) of a picture, on paper where it is transparent. */
  prepared(rgba, spec) {
    const area = rgba.length / 4;
    let white = 1;
    if (spec.background) {
      let [light, cover] = [0, 0];
      for (let i = 0; i < rgba.length; i += 4) {
        cover += rgba[i + 3];
        light += rgba[i + 3] * zooAnswers.grey(rgba[i], rgba[i + 1], rgba[i + 2]);
      }
      if (cover) white = light / cover > 127 ? 0 : 1;
      else white = spec.background === "dark" ? 0 : 1;
    }
    const found = new Uint8Array(area * spec.channels);
    for (let place = 0; place < area; place++) {
      const share = rgba[4 * place + 3] / 255;
      const mixed = [0, 1, 2].map((channel) => {
        const value = rgba[4 * place + channel];
        return share === 1 ? value : Math.round(value * share + 255 * white * (1 - share));
      });
      if (spec.channels === 1) found[place] = zooAnswers.grey(...mixed);
      else found.set(mixed, 3 * place);
    }
    return found;
  },

  /** Whether the colours of a picture are those of labels: zoo.runtime.label_map says when.
   *
   * A pixel is of no label where it is 48 levels or more from all. Of such pixels there
   * may be a half, and of those among them that look like their neighbours 2 %.
   */
  isLabelMap(rgba, width, height, colours) {
    const levels = (place, other) => Math.max(...other.map((value, n) => Math.abs(rgba[4 * place + n] - value)));
    const colour = (place) => [0, 1, 2].map((channel) => rgba[4 * place + channel]);
    let [others, flat] = [0, 0];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const place = row * width + column;
        if (Math.min(...colours.map((one) => levels(place, one))) <= 48) continue;
        others++;
        if (row + 1 === height || column + 1 === width) continue;
        if (levels(place, colour(place + width)) <= 8 && levels(place, colour(place + 1)) <= 8) flat++;
      }
    }
    const area = width * height;
    return flat <= 0.02 * area && others <= 0.5 * area;
  },

  /** Where a drawing has to be put, and how large, to lie as the digits of MNIST lie.
   *
   * Its longer side takes 20 of 28 pixels, and its centre of mass is the middle. `ink`
   * is how much is on each pixel. Null where nothing is drawn.
   */
  centred(ink, size) {
    let [left, top, right, bottom] = [size, size, -1, -1];
    let [mass, x, y] = [0, 0, 0];
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const value = ink[row * size + column];
        if (!value) continue;
        left = Math.min(left, column);
        right = Math.max(right, column);
        top = Math.min(top, row);
        bottom = Math.max(bottom, row);
        mass += value;
        x += value * (column + 0.5);
        y += value * (row + 0.5);
      }
    }
    if (!mass) return null;
    const longer = Math.max(right - left, bottom - top) + 1;
    const scale = ((20 / 28) * size) / longer;
    return { scale, x: size / 2 - (scale * x) / mass, y: size / 2 - (scale * y) / mass };
  },
};

globalThis.zooAnswers = zooAnswers;
