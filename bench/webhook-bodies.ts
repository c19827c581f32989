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
    for (let index = 0; index < events; index += 1) {
      const throughAd = this.#made % 10 < adEntriesOfTen;
      this.#made += 1;
      entries.push(this.#entry(this.#anyone(connection), now, throughAd));
    }
    return requestWith(entries);
  }

  /** A request in which each of these people comes in through the ad. */
  adEntries(people: readonly number[]): Buffer {
    const now = Date.now();
    return requestWith(people.map((person) => this.#entry(person, now, true)));
  }

  #anyone(connection: number): number {
    const nth = Math.floor(this.#random() * (personCount / connectionCount));
    const person = nth * connectionCount + connection;
    return person < personCount ? person : this.#anyone(connection);
  }

  #entry(person: number, now: number, throughAd: boolean): string {
    const sequence = (this.#sent[person] ?? 0) + 1;
    this.#sent[person] = sequence;
    const inline = throughAd ? `,"referral":${referral}` : '';
    return (
      `{"time":${now},"id":"${page.id}","messaging":[{"sender":{"id":"${psidOf(person)}"},` +
      `"recipient":{"id":"${page.id}"},"timestamp":${now},"message":{"mid":"m_${randomBytes(64).toString('base64url')}",` +
      `"text":"${stamp(person, sequence)} Sch\\u00f6n! Is the blue one still there in size 42?"${inline}}}]}`
    );
  }
}

/** Signed, as the platform sends it. */
function requestWith(entries: readonly string[]): Buffer {
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
