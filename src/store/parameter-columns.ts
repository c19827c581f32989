/*
 * Many rows as parameters of one statement, a parameter a column. How they travel is a good part of what a commit costs,
 * on both sides: numbers and times go as arrays in the protocol's binary form, which nobody has to print or parse; texts
 * go as one text that the server splits, since an array literal would need every quote of every JSON text escaped.
 */

/** One column of rows that are written together. */
export interface ParameterColumn<Row> {
  /** The SQL expression of the whole column as an array. */
  readonly array: (parameter: number) => string;
  readonly values: (rows: readonly Row[]) => string | Buffer;
}

/** The columns by name, in the order of their parameters. */
export type ParameterColumns<Row> = Readonly<Record<string, ParameterColumn<Row>>>;

/** The select list that turns the columns into rows again, its parameters numbered from `first`. */
export function unnested<Row>(columns: ParameterColumns<Row>, first: number): string {
  return Object.entries(columns)
    .map(([name, { array }], index) => `unnest(${array(first + index)}) as ${name}`)
    .join(', ');
}

/** The parameters, in the order in which `unnested` numbers them. */
export function parameters<Row>(columns: ParameterColumns<Row>, rows: readonly Row[]): (string | Buffer)[] {
  return Object.values(columns).map(({ values }) => values(rows));
}

type Value<Row, T> = (row: Row) => T | null;

const separator = '\x1f';
const nullText = '\x1e';

/** Texts without control characters: JSON escapes them, and ids have none. */
export function text<Row>(value: Value<Row, string>): ParameterColumn<Row> {
  return {
    array: (parameter) => `string_to_array($${parameter}, e'\\x1f', e'\\x1e')`,
    values: (rows) => rows.map((row) => value(row) ?? nullText).join(separator),
  };
}

/** Sixteen bytes as 32 hexadecimal digits. */
export function uuid<Row>(value: (row: Row) => string): ParameterColumn<Row> {
  return {
    array: (parameter) => `string_to_array($${parameter}, ',')::uuid[]`,
    values: (rows) => rows.map(value).join(','),
  };
}

export function boolean<Row>(value: Value<Row, boolean>): ParameterColumn<Row> {
  return binary('boolean', 16, 1, value, (buffer, flag, at) => buffer.writeUInt8(flag ? 1 : 0, at));
}

export function smallint<Row>(value: Value<Row, number>): ParameterColumn<Row> {
  return binary('smallint', 21, 2, value, (buffer, number, at) => buffer.writeInt16BE(number, at));
}

export function integer<Row>(value: Value<Row, number>): ParameterColumn<Row> {
  return binary('int', 23, 4, value, (buffer, number, at) => buffer.writeInt32BE(number, at));
}

/** Whole numbers that JavaScript holds exactly. */
export function bigint<Row>(value: Value<Row, number>): ParameterColumn<Row> {
  return binary('bigint', 20, 8, value, writeInt64);
}

/** Milliseconds since 1970. */
export function timestamptz<Row>(value: Value<Row, number>): ParameterColumn<Row> {
  return binary('timestamptz', 1184, 8, value, (buffer, ms, at) => writeInt64(buffer, (ms - epochMs) * 1000, at));
}

/** The day in UTC of a time in milliseconds since 1970. */
export function date<Row>(value: Value<Row, number>): ParameterColumn<Row> {
  return binary('date', 1082, 4, value, (buffer, ms, at) =>
    buffer.writeInt32BE(Math.floor((ms - epochMs) / dayMs), at),
  );
}

/** PostgreSQL counts from 2000. */
const epochMs = Date.UTC(2000, 0, 1);
const dayMs = 24 * 60 * 60 * 1000;

function writeInt64(buffer: Buffer, number: number, at: number): void {
  const high = Math.floor(number / 2 ** 32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(number - high * 2 ** 32, at + 4);
}

/** An array of one dimension as the protocol's binary format has it; `pg` sends a Buffer as binary. */
function binary<Row, T>(
  type: string,
  typeOid: number,
  size: number,
  value: Value<Row, T>,
  write: (buffer: Buffer, value: T, at: number) => void,
): ParameterColumn<Row> {
  return {
    array: (parameter) => `$${parameter}::${type}[]`,
    values: (rows) => {
      const buffer = Buffer.allocUnsafe(headerBytes + rows.length * (4 + size));
      let at = writeHeader(buffer, typeOid, rows.length);
      for (const row of rows) {
        const item = value(row);
        at = buffer.writeInt32BE(item === null ? -1 : size, at);
        if (item === null) continue;
        write(buffer, item, at);
        at += size;
      }
      return buffer.subarray(0, at);
    },
  };
}

const headerBytes = 20;

function writeHeader(buffer: Buffer, typeOid: number, length: number): number {
  // Dimensions, whether there may be nulls, the type, then the length and the first index of the only dimension.
  let at = 0;
  for (const field of [1, 1, typeOid, length, 1]) at = buffer.writeInt32BE(field, at);
  return at;
}
