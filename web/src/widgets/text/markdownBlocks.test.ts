import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMarkdown, type Block } from './markdownBlocks';
import { parseInline, safeHref, type Inline } from './markdownInline';

const text = (value: string): Inline => ({ type: 'text', text: value });
const paragraph = (...parts: Inline[]): Block => ({ type: 'paragraph', text: parts });

// All text that would be seen.
function shown(list: readonly Inline[]): string {
  return list
    .map((item) => ('children' in item ? shown(item.children) : 'text' in item ? item.text : ''))
    .join('');
}

test('blocks: headings, paragraphs, code, quotes, rules', () => {
  assert.deepEqual(
    parseMarkdown('# One #\ntwo\nlines\n\n---\n```js\nlet a;\n\n```\n> said\n> more'),
    [
      { type: 'heading', level: 1, text: [text('One')] },
      paragraph(text('two\nlines')),
      { type: 'rule' },
      { type: 'code', language: 'js', text: 'let a;\n' },
      { type: 'quote', blocks: [paragraph(text('said\nmore'))] },
    ],
  );
  assert.deepEqual(parseMarkdown('~~~\nnever closed'), [
    { type: 'code', language: '', text: 'never closed' },
  ]);
  assert.deepEqual(parseMarkdown('#hash and 1986. no list'), [
    paragraph(text('#hash and 1986. no list')),
  ]);
});

test('lists nest by their indentation and go on behind empty lines', () => {
  assert.deepEqual(parseMarkdown('- a\n  - b\n    more\n- c\n\n- d\n\nend'), [
    {
      type: 'list',
      first: null,
      items: [
        [
          paragraph(text('a')),
          { type: 'list', first: null, items: [[paragraph(text('b\nmore'))]] },
        ],
        [paragraph(text('c'))],
        [paragraph(text('d'))],
      ],
    },
    paragraph(text('end')),
  ]);
  assert.deepEqual(parseMarkdown('3. c\n4. d'), [
    { type: 'list', first: 3, items: [[paragraph(text('c'))], [paragraph(text('d'))]] },
  ]);
  const withCode = parseMarkdown('1. run\n\n   ```sh\n   make\n   ```\n2. look')[0]!;
  assert.equal(withCode.type === 'list' && withCode.items.length, 2);
  assert.deepEqual(withCode.type === 'list' && withCode.items[0]![1], {
    type: 'code',
    language: 'sh',
    text: 'make',
  });
});

test('tables have the columns of their head', () => {
  assert.deepEqual(parseMarkdown('| a | b |\n|:--|--:|\n| 1 \\| 2 | 3 | 4 |\n| 5 |'), [
    {
      type: 'table',
      align: ['left', 'right'],
      head: [[text('a')], [text('b')]],
      rows: [
        [[text('1 | 2')], [text('3')]],
        [[text('5')], []],
      ],
    },
  ]);
  assert.equal(parseMarkdown('a | b\nno divider')[0]!.type, 'paragraph');
});

test('emphasis, as models write it', () => {
  assert.deepEqual(parseInline('**a _b_** ~~c~~ `d*`'), [
    { type: 'strong', children: [text('a '), { type: 'em', children: [text('b')] }] },
    text(' '),
    { type: 'del', children: [text('c')] },
    text(' '),
    { type: 'code', text: 'd*' },
  ]);
  assert.deepEqual(parseInline('***both***'), [
    { type: 'em', children: [{ type: 'strong', children: [text('both')] }] },
  ]);
  for (const plain of ['snake_case_name', '2 * 3 * 4', '**open', 'a**', '~5 and ~6', '`open']) {
    assert.deepEqual(parseInline(plain), [text(plain)], plain);
  }
  assert.equal(shown(parseInline('\\*not\\*')), '*not*');
});

test('links lead to the web or to mail; anything else stays as it was written', () => {
  assert.deepEqual(parseInline('[docs](https://a.example/x_(y) "Title")'), [
    { type: 'link', href: 'https://a.example/x_(y)', children: [text('docs')] },
  ]);
  assert.deepEqual(parseInline('see https://a.example/b, please.'), [
    text('see '),
    { type: 'link', href: 'https://a.example/b', children: [text('https://a.example/b')] },
    text(', please.'),
  ]);
  for (const evil of [
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html,<script>1</script>)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '[x](//a.example)',
    '[x](/local)',
    '<script>alert(1)</script>',
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:1">x</a>',
  ]) {
    assert.deepEqual(parseInline(evil), [text(evil)], evil);
  }
  assert.equal(safeHref('java\nscript:alert(1)'), null);
  assert.equal(safeHref('mailto:a@b.example'), 'mailto:a@b.example');
  // What could be mistaken for other letters is shown as the browser would send it.
  assert.match(safeHref('https://аррle.example/')!, /^https:\/\/xn--/);
});

test('images are named, whatever their address', () => {
  assert.deepEqual(parseInline('![a plot](javascript:1)'), [
    { type: 'image', alt: 'a plot', src: 'javascript:1' },
  ]);
  const big = `![x](data:image/png;base64,${'A'.repeat(50_000)})`;
  assert.equal(parseInline(big)[0]!.type, 'image');
});

test('hostile texts neither take long nor nest deep', () => {
  const n = 10_000;
  const hostile = [
    '['.repeat(n),
    '['.repeat(n) + 'a' + ']'.repeat(n),
    '['.repeat(n) + '](x)'.repeat(n),
    '![]('.repeat(n),
    '[a]('.repeat(n),
    '> '.repeat(n) + 'a',
    '>'.repeat(n),
    '- '.repeat(n) + 'a',
    Array.from({ length: 300 }, (_, i) => `${' '.repeat(2 * i)}- a`).join('\n'),
    '*a **b '.repeat(n),
    '*a '.repeat(n) + 'b* '.repeat(n),
    '*'.repeat(n),
    '`'.repeat(n),
    Array.from({ length: 400 }, (_, i) => '`'.repeat(i)).join(' '),
    'http://x' + ')'.repeat(n),
    'http://('.repeat(n),
    '# ' + 'a #'.repeat(n),
    '| a '.repeat(n) + '\n' + '|-'.repeat(n),
    '\\'.repeat(n),
    'x'.repeat(100_000),
    ' '.repeat(100_000) + 'x',
    '|'.repeat(n) + '\n' + '|-'.repeat(n) + '\n' + '|'.repeat(n),
  ];
  for (const input of hostile) {
    const depth = depthOf(parseMarkdown(input));
    assert.ok(depth <= 200, `${input.slice(0, 20)}…: ${depth} deep`);
  }
});

// As React would go down.
function depthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((most: number, v) => Math.max(most, depthOf(v)), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((most: number, v) => Math.max(most, depthOf(v)), 0);
}

test('no text gets lost, however odd its marks', () => {
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const bits = ['*', '**', '_', '~~', '`', 'a', ' b ', '[', ']', 'c', '1'];
  for (let round = 0; round < 500; ++round) {
    const input = Array.from({ length: 20 }, () => bits[random(bits.length)]!).join('');
    const letters = (value: string) => value.replace(/[^abc1]/g, '');
    assert.equal(letters(shown(parseInline(input))), letters(input), input);
  }
});
