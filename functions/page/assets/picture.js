// The picture of a page with its words laid over it: they can be selected, are shaded by how doubtful they are, and marked when found.

import { el, fill, say } from './dom.js';
import { texts } from './texts.js';
import { doubt } from './words.js';

let measure;

/** How wide a text is at a size of one pixel. */
function widthOf(text) {
  if (!measure) {
    measure = document.createElement('canvas').getContext('2d');
    measure.font = '100px sans-serif';
  }
  return measure.measureText(text).width / 100;
}

export class Picture {
  nodes = []; // of the words, in reading order
  #previews;
  #url = '';
  #shown = null; // the page whose picture is wanted

  constructor(previews) {
    this.#previews = previews;
    this.img = el('img', { alt: '' });
    this.layer = el('div', { class: 'layer', 'aria-hidden': 'true' }); // the same words stand beside it as text
    this.note = el('p', { class: 'muted', role: 'status' });
    this.sheet = el('div', { class: 'sheet' }, this.note, this.img, this.layer);
    this.node = el('div', { class: 'sheet-pane', tabindex: '0', role: 'region', 'aria-label': texts.view.picture }, this.sheet);
  }

  /** Shows a page: its words at once, the picture under them when it is there. */
  async show(page, words) {
    this.#shown = page;
    this.#drop();
    const shape = (page.width / (page.dpi || 1)) / (page.height / (page.dpiY || page.dpi || 1));
    this.sheet.style.aspectRatio = String(shape);
    this.nodes = words.map((word) => this.#place(word, page, shape));
    fill(this.layer, this.nodes.map((node) => [node, ' ']));
    say(this.note, texts.view.loadingPicture);
    let picture = null;
    try {
      picture = await this.#previews.picture(page.number);
    } catch { /* the text is there all the same */ }
    if (this.#shown !== page) return;
    say(this.note, picture ? '' : texts.view.noPicture);
    if (!picture) return;
    this.#url = URL.createObjectURL(picture);
    this.img.src = this.#url;
    this.img.alt = texts.view.pictureOf(page.number);
    this.img.hidden = false;
  }

  #place(word, page, shape) {
    const { x0, y0, x1, y1 } = word.box;
    const node = el('span', { class: `w d${doubt(word.confidence)}`, title: texts.view.wordTitle(Math.round(word.confidence)) }, el('span', {}, word.text));
    const wide = (x1 - x0) / page.width;
    const high = (y1 - y0) / page.height;
    Object.assign(node.style, { left: `${(100 * x0) / page.width}%`, top: `${(100 * y0) / page.height}%`, width: `${100 * wide}%`, height: `${100 * high}%` });
    node.firstChild.style.fontSize = `${100 * high}cqh`;
    node.firstChild.style.transform = `scaleX(${(wide * shape) / Math.max(1e-6, widthOf(word.text) * high)})`;
    return node;
  }

  #drop() {
    this.img.hidden = true;
    this.img.removeAttribute('src');
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = '';
  }

  /** Lets go of the pictures. */
  clear() {
    this.#shown = null;
    this.#drop();
    this.#previews.clear();
    fill(this.layer);
    this.nodes = [];
    this.node.hidden = true;
  }
}
