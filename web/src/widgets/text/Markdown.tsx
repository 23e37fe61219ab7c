// Markdown that nobody trusts, as React elements. There is no HTML in it: tags are text. Images are named
// and never fetched; links say where they lead and are opened by a second click (OutsideLink).
//
// Give it visibleText(...) of a bounded length, as RichText does.

import { memo, useMemo, type ReactNode } from 'react';
import { formatBytes } from 'base/format';
import { CopyButton } from './CopyButton';
import { FoldedText } from './FoldedText';
import { parseMarkdown, type Block } from './markdownBlocks';
import type { Inline } from './markdownInline';
import { OutsideLink } from './OutsideLink';
import './Markdown.css';

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div className="md">
      <Blocks blocks={blocks} />
    </div>
  );
});

function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return blocks.map((block, i) => <BlockView key={i} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.type) {
    case 'heading': {
      // Below the headings of the page, which are its own.
      const Heading = (['h4', 'h5', 'h6'] as const)[Math.min(block.level, 3) - 1]!;
      return <Heading className={`md-h${block.level}`}>{inlines(block.text)}</Heading>;
    }
    case 'paragraph':
      return <p className="md-text">{inlines(block.text)}</p>;
    case 'code':
      return <CodeBlock language={block.language} text={block.text} />;
    case 'quote':
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case 'list': {
      const items = block.items.map((item, i) => (
        <li key={i}>
          <Blocks blocks={item} />
        </li>
      ));
      return block.first === null ? <ul>{items}</ul> : <ol start={block.first}>{items}</ol>;
    }
    case 'table':
      return <TableBlock block={block} />;
    case 'rule':
      return <hr />;
  }
}

function TableBlock({ block }: { block: Extract<Block, { type: 'table' }> }) {
  const style = (i: number) => {
    const align = block.align[i];
    return align ? { textAlign: align } : undefined;
  };
  return (
    <div className="md-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {block.head.map((cell, i) => (
              <th key={i} style={style(i)}>
                {inlines(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j} style={style(j)}>
                  {inlines(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CodeBlock({ language, text }: { language: string; text: string }) {
  return (
    <div className="md-code">
      <div className="md-code-head">
        <span>{language || 'code'}</span>
        <CopyButton text={() => text} label="Copy" />
      </div>
      <FoldedText text={text} mono />
    </div>
  );
}

function inlines(list: readonly Inline[]): ReactNode[] {
  return list.map((item, i) => {
    switch (item.type) {
      case 'text':
        return item.text;
      case 'code':
        return <code key={i}>{item.text}</code>;
      case 'strong':
        return <strong key={i}>{inlines(item.children)}</strong>;
      case 'em':
        return <em key={i}>{inlines(item.children)}</em>;
      case 'del':
        return <del key={i}>{inlines(item.children)}</del>;
      case 'link':
        return (
          <OutsideLink key={i} href={item.href}>
            {inlines(item.children)}
          </OutsideLink>
        );
      case 'image':
        return <ImageName key={i} alt={item.alt} src={item.src} />;
    }
  });
}

const DATA = /^data:([\w.+-]{1,60}\/[\w.+-]{1,60})?[^,]{0,100},/i;

// What it is and where it lies; it is not asked for.
function ImageName({ alt, src }: { alt: string; src: string }) {
  const data = DATA.exec(src);
  const where = data
    ? `${data[1] ?? 'data'}, ${formatBytes(Math.floor(((src.length - data[0].length) * 3) / 4))}`
    : src;
  return (
    <span className="md-image" title={where.slice(0, 2000)}>
      image {alt && <strong>{alt}</strong>} <span className="md-address">{where}</span>
    </span>
  );
}
