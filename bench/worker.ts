import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type Answer<Report> = { readonly report: Report } | { readonly error: string };

/** A process of ours that answers each request with one report, one at a time. */
export class Worker<Request extends object, Report> {
  readonly #process: ChildProcess;

  constructor(module: URL) {
    this.#process = fork(fileURLToPath(module), { serialization: 'advanced' });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  ask(request: Request): Promise<Report> {
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer<Report>) => {
        this.#process.off('exit', gone);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.report);
      };
      const gone = () => {
        this.#process.off('message', answered);
        reject(new Error('a process of the benchmark ended early'));
      };
      this.#process.once('message', answered);
      this.#process.once('exit', gone);
      this.#process.send(request);
    });
  }

  stop(): void {
    this.#process.kill();
  }
}

/** The other side of a `Worker`. Ends with the process that started it. */
export function answerRequests<Request, Report>(answer: (request: Request) => Promise<Report>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (request: Request) => {
    answer(request).then(
      (report) => process.send?.({ report } satisfies Answer<Report>),
      (error: unknown) => process.send?.({ error: String(error) } satisfies Answer<Report>),
    );
  });
}
