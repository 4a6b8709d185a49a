// A page of the result JSON as text: paragraphs and tables of words, each shaded by how doubtful it is.

import { el } from './dom.js';

/** How doubtful a word is, from 0 (certain) to 4. */
export const doubt = (confidence) => [95, 85, 70, 50].filter((least) => confidence < least).length;

/** Every word of a page in reading order. */
export function wordsOf(page) {
  const all = [];
  for (const block of page.blocks ?? []) {
    for (const p of paragraphsOf(block)) for (const line of p.lines) for (const word of line.words) all.push(word);
  }
  return all;
}

/** The paragraphs of a block, cells of a table row by row. */
function* paragraphsOf(block) {
  yield* block.paragraphs ?? [];
  for (const row of block.rows ?? []) for (const cell of row.cells) yield* cell.paragraphs ?? [];
}

/** Lays out the text of a page. made is called with each word and its element, in reading order. */
export function layText(page, made) {
  const paragraph = (p) => el('p', { dir: 'auto' }, p.lines.map((line, n) => [n > 0 && ' ', line.words.map((word, i) => {
    const node = el('span', { class: `w d${doubt(word.confidence)}` }, word.text);
    made(word, node);
    return [i > 0 && ' ', node];
  })]));
  return (page.blocks ?? []).map((block) => {
    if (block.rows?.length) {
      return el('div', { class: 'table-scroll', tabindex: '0', role: 'group' }, el('table', {}, el('tbody', {}, block.rows.map((row) => el('tr', {}, row.cells.map((cell) => el('td', {
        colspan: cell.columns > 1 && cell.columns, rowspan: cell.rows > 1 && cell.rows,
      }, (cell.paragraphs ?? []).map(paragraph))))))));
    }
    if (block.value) return el('p', { class: 'code' }, block.value);
    return (block.paragraphs ?? []).map(paragraph);
  });
}

/** Finds a text in the words of all pages: a list of {page, first, last}, numbers of words. A match may span words. */
export function find(pages, wanted) {
  const needle = wanted.trim().toLocaleLowerCase();
  if (!needle) return [];
  const hits = [];
  pages.forEach((words, page) => {
    const starts = [];
    let text = '';
    for (const w of words) {
      starts.push(text.length);
      text += `${w.text.toLocaleLowerCase()} `;
    }
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      const first = starts.findLastIndex((s) => s <= at);
      hits.push({ page, first, last: starts.findLastIndex((s) => s < at + needle.length) });
    }
  });
  return hits;
}
