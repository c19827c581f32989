import { createHmac, randomBytes } from 'node:crypto';
import { ad, metaAppSecret, page, psidOf } from './cast.js';
import { connectionCount, personCount } from './scenario.js';
import { stamp } from './stamp.js';

/** Of ten events, this many are a person's entry through the ad. */
const adEntriesOfTen = 3;

/** As the platform writes it, escaped. */
const referral =
  `{"ref":"${ad.ref}","source":"ADS","type":"OPEN_THREAD","ad_id":"${ad.id}","ads_context_data":` +
  `{"ad_title":"${ad.title}","photo_url":"https:\\/\\/cdn.example\\/ad.jpg","post_id":"${page.id}_55"}}`;

/** Makes signed webhooks. People are chosen at random, always the same ones in the same order. */
export class WebhookBodies {
  readonly #sent = new Uint32Array(personCount);
  readonly #random = mulberry32(7);
  #made = 0;

  /** One whole request for a connection, with so many events of people who write over it. */
  request(connection: number, events: number): Buffer {
    const now = Date.now();
    const entries: string[] = [];
    for (let index = 0; index < events; index += 1) entries.push(this.#entry(connection, now));
    const body = `{"object":"page","entry":[${entries.join(',')}]}`;
    return Buffer.from(
      'POST /webhooks/meta HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n' +
        'Accept-Encoding: deflate, gzip\r\nUser-Agent: facebookexternalua\r\n' +
        `X-Hub-Signature: sha1=${createHmac('sha1', metaAppSecret).update(body).digest('hex')}\r\n` +
        `X-Hub-Signature-256: sha256=${createHmac('sha256', metaAppSecret).update(body).digest('hex')}\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
      'latin1',
    );
  }

  #entry(connection: number, now: number): string {
    const nth = Math.floor(this.#random() * (personCount / connectionCount));
    const person = nth * connectionCount + connection;
    if (person >= personCount) return this.#entry(connection, now);
    const sequence = (this.#sent[person] ?? 0) + 1;
    this.#sent[person] = sequence;
    const inline = this.#made % 10 < adEntriesOfTen ? `,"referral":${referral}` : '';
    this.#made += 1;
    return (
      `{"time":${now},"id":"${page.id}","messaging":[{"sender":{"id":"${psidOf(person)}"},` +
      `"recipient":{"id":"${page.id}"},"timestamp":${now},"message":{"mid":"m_${randomBytes(64).toString('base64url')}",` +
      `"text":"${stamp(person, sequence)} Sch\\u00f6n! Is the blue one still there in size 42?"${inline}}}]}`
    );
  }
}

/** A small generator of numbers in [0, 1) that can be seeded. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
