// The picture of a page with its words laid over it: they can be selected, are shaded by how doubtful they are, and marked when found.

import { el, fill } from './dom.js';
import { texts } from './texts.js';
import { doubt } from './words.js';

const shown = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/bmp']); // what browsers show
const most = 40e6; // bytes of a picture that is kept in memory

/** Whether a document is a picture that the browser can show by itself. */
export const showable = (file) => shown.has(file.type) && file.size <= most;

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
  #url;

  constructor(file) {
    this.#url = URL.createObjectURL(file);
    this.img = el('img', { alt: '' });
    this.layer = el('div', { class: 'layer', 'aria-hidden': 'true' }); // the same words stand beside it as text
    this.node = el('div', { class: 'sheet-pane' }, el('div', { class: 'sheet' }, this.img, this.layer));
  }

  /** Shows a page. A picture of another shape than the page is not of it, and stays hidden. */
  async show(page, words) {
    this.node.hidden = true;
    this.nodes = words.map((word) => this.#place(word, page));
    fill(this.layer, this.nodes.map((node) => [node, ' ']));
    this.img.src = this.#url;
    this.img.alt = texts.view.pictureOf(page.number);
    try {
      await this.img.decode();
    } catch {
      return;
    }
    const shape = (this.img.naturalWidth / this.img.naturalHeight) / (page.width / page.height);
    this.node.hidden = page.number !== 1 || shape < 0.98 || shape > 1.02;
  }

  #place(word, page) {
    const { x0, y0, x1, y1 } = word.box;
    const node = el('span', { class: `w d${doubt(word.confidence)}`, title: texts.view.wordTitle(Math.round(word.confidence)) }, el('span', {}, word.text));
    const share = (n, of) => `${(100 * n) / of}%`;
    Object.assign(node.style, { left: share(x0, page.width), top: share(y0, page.height), width: share(x1 - x0, page.width), height: share(y1 - y0, page.height) });
    const height = y1 - y0;
    node.firstChild.style.fontSize = `${(100 * height) / page.width}cqw`;
    node.firstChild.style.transform = `scaleX(${(x1 - x0) / Math.max(1, widthOf(word.text) * height)})`;
    return node;
  }

  /** Lets go of the picture. */
  clear() {
    this.img.removeAttribute('src');
    URL.revokeObjectURL(this.#url);
    fill(this.layer);
    this.nodes = [];
    this.node.hidden = true;
  }
}
