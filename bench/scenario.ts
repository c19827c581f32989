/** A load, and how the apps take their events. */
export interface Scenario {
  readonly name: string;
  /** In words, for the plot. */
  readonly title: string;
  readonly eventsPerPostIn: number;
  /** At most; an app that takes one event a POST has 1. */
  readonly eventsPerPostOut: number;
  /** Events before the measured run, enough for the just-in-time compilers to settle. */
  readonly warmUpEvents: number;
}

/** Under which the server is compared with what one would use instead: the one in which nobody waits for the load. */
export const comparedScenario: Scenario = {
  name: 'batches-in-batches-out',
  title: '50 in, batches out',
  eventsPerPostIn: 50,
  eventsPerPostOut: 100,
  warmUpEvents: 60_000,
};

export const scenarios: readonly Scenario[] = [
  comparedScenario,
  {
    name: 'single-in-batches-out',
    title: '1 in, batches out',
    eventsPerPostIn: 1,
    eventsPerPostOut: 100,
    warmUpEvents: 15_000,
  },
  { name: 'single-in-single-out', title: '1 in, 1 out', eventsPerPostIn: 1, eventsPerPostOut: 1, warmUpEvents: 10_000 },
];

/** Connections that post webhooks, each with one request under way at a time, as the platform does. */
export const connectionCount = 64;

/** People who write. Each keeps to one connection, so that the order in which they wrote is known. */
export const personCount = 100_000;
