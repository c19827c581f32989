/**
 * Addresses that lead into the network we stand in, in every spelling that some parser takes: what an attacker would try
 * as a callback.
 */
const inside = [
  '127.0.0.1',
  '127.0.0.2',
  '127.1.2.3',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.254',
  '169.254.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.0.1',
  '192.168.255.255',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
] as const;

const insideV6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:0:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::10.0.0.1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::',
  '2002:a9fe:a9fe::1',
  'fc00::1',
  'fd00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '100::1',
] as const;

/** The ways in which one IPv4 address can be written in a URL. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (number: number) => `0x${number.toString(16)}`;
  const octal = (number: number) => `0${number.toString(8)}`;
  return [
    address,
    `${address}.`,
    String(whole),
    hex(whole),
    octal(whole),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    [a, b, c * 256 + d].join('.'),
    [a, (b * 256 + c) * 256 + d].join('.'),
    [hex(a), b, octal(c), d].join('.'),
  ];
}

/** Texts that a browser's parser, an older parser and a careless check read differently. */
function trickery(port: number): string[] {
  return [
    `https://8.8.8.8@127.0.0.1:${port}/`,
    `https://8.8.8.8:443@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}\\@8.8.8.8/`,
    `https://8.8.8.8\\@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}#@8.8.8.8/`,
    `https://127.0.0.1:${port}?@8.8.8.8/`,
    `https://127.0.0.1:${port}/?u=https://8.8.8.8/`,
    `https:127.0.0.1:${port}/`,
    `https:/127.0.0.1:${port}/`,
    `https:\\\\127.0.0.1:${port}/`,
    `https:///127.0.0.1:${port}/`,
    `\thttps://127.0.0.1:${port}/`,
    `https://127.0.0.1\n:${port}/`,
    `https://127.0\t.0.1:${port}/`,
    `https://%31%32%37.0.0.1:${port}/`,
    `https://127%2e0%2e0%2e1:${port}/`,
    `https://①②⑦.0.0.1:${port}/`,
    `https://127。0。0。1:${port}/`,
    `https://１２７.０.０.１:${port}/`,
    `https://[::1%25lo]:${port}/`,
    `https://localhost:${port}/`,
    `https://LOCALHOST:${port}/`,
    `https://localhost.:${port}/`,
    `https://a.localhost:${port}/`,
    `https://ⓛocalhost:${port}/`,
    `http://127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    `HTTP://127.0.0.1:${port}/`,
    `ws://127.0.0.1:${port}/`,
    `wss://127.0.0.1:${port}/`,
    `ftp://127.0.0.1:${port}/`,
    `gopher://127.0.0.1:${port}/_GET`,
    `file:///etc/passwd`,
    `data:text/plain,ok`,
    `//127.0.0.1:${port}/`,
    `127.0.0.1:${port}`,
    `https://127.0.0.1:${port}/%0d%0aHost:%20inside`,
    `https://user:password@127.0.0.1:${port}/`,
  ];
}

/** Everything to be refused as a callback, none of it with a connection; `port` is where the canary listens. */
export function ssrfUrls(port: number): string[] {
  return [
    ...inside.flatMap((address) => spellings(address).map((host) => `https://${host}:${port}/hook`)),
    ...insideV6.map((address) => `https://[${address}]:${port}/hook`),
    ...trickery(port),
  ];
}

/** Answers of a name server that must not be connected to. */
export const ssrfAnswers: readonly (readonly { address: string; family: 4 | 6 }[])[] = [
  ...inside.map((address) => [{ address, family: 4 as const }]),
  ...insideV6.map((address) => [{ address, family: 6 as const }]),
  // An honest address beside it changes nothing, wherever it stands.
  ...inside.map((address) => [
    { address: '8.8.8.8', family: 4 as const },
    { address, family: 4 as const },
  ]),
  ...insideV6.map((address) => [
    { address, family: 6 as const },
    { address: '2606:4700:4700::1111', family: 6 as const },
  ]),
];
