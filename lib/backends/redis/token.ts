import type { Random } from '../../core/index.js';

/** 64 random bits in hexadecimal. */
export function randomToken(random: Random): string {
  return half(random) + half(random);
}

function half(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
