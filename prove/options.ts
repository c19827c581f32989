import { parseArgs } from 'node:util';

export const profiles = ['short', 'long'] as const;
export type Profile = (typeof profiles)[number];

export const partNames = ['chaos', 'rolling-restart', 'dead-app', 'deadlines'] as const;
export type PartName = (typeof partNames)[number];

export const usage = `npm run prove -- [options]

  --seed N           repeats the run that printed this seed
  --profile NAME     short (the default, under two minutes) or long (30 minutes, writes docs/proof.md)
  --minutes N        how long the long profile takes, about (30)
  --only PART        only this part, may be repeated: ${partNames.join(', ')}
  --help
`;

export interface ProveOptions {
  readonly seed: number;
  readonly profile: Profile;
  readonly minutes: number;
  readonly parts: readonly PartName[];
  readonly help: boolean;
}

/** Reads the command line. Throws an error with a sentence for the user. */
export function readOptions(args: readonly string[]): ProveOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      profile: { type: 'string', default: 'short' },
      minutes: { type: 'string', default: '30' },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', default: false },
    },
  });
  const profile = profiles.find((each) => each === values.profile);
  if (profile === undefined) throw new Error(`--profile must be one of ${profiles.join(', ')}.`);
  const usual: readonly PartName[] = profile === 'short' ? ['chaos'] : partNames;
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : whole('--seed', values.seed),
    profile,
    minutes: whole('--minutes', values.minutes),
    parts: values.only === undefined ? usual : values.only.map(partNamed),
    help: values.help,
  };
}

function partNamed(name: string): PartName {
  const found = partNames.find((part) => part === name);
  if (found === undefined) throw new Error(`There is no part ${name}: ${partNames.join(', ')}.`);
  return found;
}

function whole(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) === 0) throw new Error(`${option} must be a whole number above 0.`);
  return Number(text);
}
