// The beam search of zoo.runtime.beam_search for one text: it chooses tokens, and knows no
// model. Scores are log-probabilities over a penalty of the length (Wu et al., 2016).
"use strict";

class ZooBeams {
  /** `plan` is {beams, lengthPenalty}; `output` has the tokens that begin and end a text. */
  constructor(length, plan, output) {
    this.plan = plan;
    this.length = length;
    this.most = 2 * length + 10;
    this.end = output.eos_token_id;
    this.kept = [{ tokens: [output.bos_token_id], chance: 0, attention: [] }];
    this.over = [];
  }

  /** Add a token to the likeliest beginnings; return the row that each of them goes on from.
   *
   * `logits` and `weights` have a row for each beginning that is kept; tokens in `barred`
   * are not written.
   */
  grow(logits, weights, barred) {
    const rows = this.kept.length;
    const width = logits.length / rows;
    const total = new Float64Array(rows * width);
    this.kept.forEach((text, row) => {
      const part = Float64Array.from(logits.subarray(row * width, (row + 1) * width));
      for (const id of barred) part[id] = -Infinity;
      const most = part.reduce((a, b) => Math.max(a, b), -Infinity);
      const sum = part.reduce((all, value) => all + Math.exp(value - most), 0);
      const norm = most + Math.log(sum);
      part.forEach((value, id) => (total[row * width + id] = text.chance + value - norm));
    });
    const room = this.plan.beams - this.over.length;
    const best = ZooBeams.best(total, room);
    const [grown, from] = [[], []];
    for (const place of best) {
      const [row, token] = [Math.floor(place / width), place % width];
      const old = this.kept[row];
      const across = weights.length / rows;
      const seen = Array.from(weights.subarray(row * across, row * across + this.length));
      const text = { tokens: [...old.tokens, token], chance: total[place], attention: [...old.attention, seen] };
      if (token === this.end || text.tokens.length > this.most) {
        this.over.push(this.ended(text));
      } else {
        grown.push(text);
        from.push(row);
      }
    }
    this.kept = grown;
    return from;
  }

  /** The places of the largest finite numbers, the largest first. */
  static best(numbers, count) {
    const found = [];
    numbers.forEach((value, place) => {
      if (value === -Infinity || (found.length === count && value <= numbers[found.at(-1)])) return;
      let at = found.length;
      while (at && numbers[found[at - 1]] < value) at--;
      found.splice(at, 0, place);
      found.length = Math.min(found.length, count);
    });
    return found;
  }

  ended(text) {
    const finished = text.tokens.at(-1) === this.end;
    const count = text.tokens.length - 1;
    const penalty = ((5 + count) / 6) ** this.plan.lengthPenalty;
    const tokens = text.tokens.slice(1, finished ? -1 : undefined);
    return { tokens, finished, score: text.chance / penalty, attention: text.attention };
  }

  /** The texts that are over, those that were ended and the best first. */
  results() {
    return [...this.over].sort((a, b) => b.finished - a.finished || b.score - a.score);
  }
}

globalThis.ZooBeams = ZooBeams;
