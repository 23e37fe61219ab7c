// A small seeded generator (mulberry32), so that two runs with one seed tell the same story.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  // In [0, 1).
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  // Integer in [low, high].
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick(items) {
    return items[this.between(0, items.length - 1)];
  }

  chance(probability) {
    return this.next() < probability;
  }

  hex(digits) {
    let text = '';
    while (text.length < digits) text += this.between(0, 15).toString(16);
    return text;
  }
}
