// The random numbers of torch's CPU generator, so that a seed draws what Python draws.
// MT19937: Matsumoto and Nishimura, "Mersenne Twister", 1998.
"use strict";

class ZooRandom {
  static SIZE = 624;
  static SHIFT = 397;

  constructor(seed) {
    const state = new Uint32Array(ZooRandom.SIZE);
    state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < state.length; i++) {
      const before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(before, 1812433253) + i;
    }
    this.state = state;
    this.next = state.length;
  }

  /** 32 random bits. */
  bits() {
    if (this.next === ZooRandom.SIZE) this.twist();
    let word = this.state[this.next++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  twist() {
    const { SIZE, SHIFT } = ZooRandom;
    const state = this.state;
    for (let i = 0; i < SIZE; i++) {
      const word = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      const odd = word & 1 ? 0x9908b0df : 0;
      state[i] = state[(i + SHIFT) % SIZE] ^ (word >>> 1) ^ odd;
    }
    this.next = 0;
  }

  /** 64 random bits, as a BigInt: the first 32 are the upper ones. */
  bits64() {
    const upper = BigInt(this.bits());
    return (upper << 32n) | BigInt(this.bits());
  }

  /** torch.rand() in float32, in [0, 1). */
  float() {
    return (this.bits() & 0xffffff) / 2 ** 24;
  }

  /** torch.rand() in float64, in [0, 1). */
  double() {
    return Number(this.bits64() & ((1n << 53n) - 1n)) / 2 ** 53;
  }

  /** torch.randint(limit) of a limit of more than 32 bits, as a BigInt. */
  whole(limit) {
    return this.bits64() % limit;
  }

  /** torch.rand(count) in float32. */
  uniform(count) {
    return Float32Array.from({ length: count }, () => this.float());
  }

  /** torch.randn(count) in float32: Box and Muller, 1958, in blocks of sixteen. */
  normal(count) {
    if (count < 16) return this.fewNormal(count);
    const numbers = this.uniform(count);
    for (let start = 0; start + 16 <= count; start += 16) {
      ZooRandom.boxMuller(numbers.subarray(start, start + 16));
    }
    if (count % 16) {
      const last = numbers.subarray(count - 16);
      last.set(this.uniform(16));
      ZooRandom.boxMuller(last);
    }
    return numbers;
  }

  static boxMuller(block) {
    const single = Math.fround;
    const circle = single(2 * Math.PI);
    for (let i = 0; i < 8; i++) {
      const first = single(1 - block[i]);
      const radius = single(Math.sqrt(single(-2 * single(Math.log(first)))));
      const angle = single(circle * block[i + 8]);
      block[i] = radius * single(Math.cos(angle));
      block[i + 8] = radius * single(Math.sin(angle));
    }
  }

  /** Fewer than sixteen are drawn one by one, in float64, and every second is kept. */
  fewNormal(count) {
    const numbers = new Float32Array(count);
    let kept = null;
    for (let i = 0; i < count; i++) {
      if (kept !== null) {
        numbers[i] = kept;
        kept = null;
        continue;
      }
      const first = this.double();
      const radius = Math.sqrt(-2 * Math.log1p(-this.double()));
      numbers[i] = radius * Math.cos(2 * Math.PI * first);
      kept = radius * Math.sin(2 * Math.PI * first);
    }
    return numbers;
  }
}

globalThis.ZooRandom = ZooRandom;
