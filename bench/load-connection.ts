import { connect, type Socket } from 'node:net';
import { monotonicMs } from './monotonic.js';

/** An answer to a webhook; the platform only looks at the status. */
interface Answer {
  readonly status: number;
  readonly length: number;
}

/** How long the platform's webhook waits after a 503 before it is sent again. */
const busyPauseMs = 50;

/** One keep-alive connection that sends prepared requests, one after the other. */
export class LoadConnection {
  /** From the first byte of each request to the last of its answer, in milliseconds. */
  readonly latenciesMs: number[] = [];
  /** How often the server was too busy; the same request was sent again. */
  busy = 0;

  readonly #socket: Socket;
  #received = '';
  #answered: ((answer: Answer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    const fail = (error: Error) => this.#failed?.(error);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new LoadConnection(socket));
      });
    });
  }

  /** Sends everything; rejects when an answer is neither 200 nor 503. */
  async send(requests: readonly Buffer[]): Promise<void> {
    for (const request of requests) {
      for (;;) {
        const began = monotonicMs();
        const { status } = await this.#exchange(request);
        this.latenciesMs.push(monotonicMs() - began);
        if (status === 200) break;
        if (status !== 503) throw new Error(`a webhook was answered with ${status}`);
        this.busy += 1;
        await new Promise((resolve) => setTimeout(resolve, busyPauseMs));
      }
    }
  }

  #exchange(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const answer = readAnswer(this.#received);
    if (answer === null || this.#received.length < answer.length) return;
    this.#received = this.#received.slice(answer.length);
    this.#answered?.(answer);
  }
}

/** The first answer in `text`, once its head is complete. */
function readAnswer(text: string): Answer | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const bodyLength = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (bodyLength === undefined) throw new Error('an answer without Content-Length');
  return { status: Number(text.slice(9, 12)), length: headEnd + 4 + Number(bodyLength) };
}
