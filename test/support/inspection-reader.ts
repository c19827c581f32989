import { createWebSocketReceiver } from '@statelyai/inspect';

/** A failure guard only: nothing waits this long when things work. */
const deadlineMs = 25_000;

/** Reads the inspector's stream with the receiver that the inspector's makers publish. */
export class InspectionReader {
  readonly messages: any[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    createWebSocketReceiver({ server: url }).subscribe((message) => {
      this.messages.push(message);
      for (const look of this.#waiting) look();
    });
  }

  /** The first message that fits, come or yet to come. */
  async waitFor(fits: (message: any) => boolean): Promise<any> {
    return new Promise((resolve, reject) => {
      const guard = setTimeout(
        () => reject(new Error(`waited in vain; read: ${JSON.stringify(this.messages.map(({ type }) => type))}`)),
        deadlineMs,
      );
      const look = () => {
        const found = this.messages.find(fits);
        if (found === undefined) return;
        clearTimeout(guard);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
