import { z } from 'zod';

/** A text that can be stored: PostgreSQL knows neither NUL nor half a surrogate pair. */
export function text(lengthMax: number) {
  return z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must not contain NUL or a lone surrogate');
}
