/**
 * Letters as strokes, drawn for axis labels: digits, signs and the Latin alphabet on a grid of our own. A glyph is some polylines, a polyline its points, a point two
 * digits: x from the left (0 … 4), y from the top (capitals 0 … 6, small letters from 2, below the line to 8).
 */

export interface Glyph {
  lines: [number, number][][];
  width: number;
}

/** From the top of a capital to the line that it stands on. */
export const GLYPH_HEIGHT = 6;
/** Also of a character that is not here. */
export const SPACE_WIDTH = 1.6;

const DRAWN: Record<string, string> = {
  '0': '103041453616050110', '1': '112026', '2': '01103041420646', '3': '0110304142334445361605 3313', '4': '36300444', '5': '400003334445361605',
  '6': '413010010516364544331304', '7': '004016', '8': '13020110304142331304051636454433', '9': '051636454130100102133342',
  '.': '0606', ',': '0607', ':': '0303 0606', '-': '0333', '\u2212': '0333', '\u2013': '0343', '+': '0343 2125', '%': '4006 0010110100 3545463635', '/': '4006', '(': '10010516', ')': '00111506',
  A: '062046 1434', B: '06003041423303 3344453606', C: '4130100105163645', D: '00204244260600', E: '40000646 0333', F: '400006 0333', G: '41301001051636454323', H: '0006 4046 0343', I: '0006',
  J: '3035261605', K: '0006 4004 1346', L: '000646', M: '0600234046', N: '06004640', O: '103041453616050110', P: '06003041423303', Q: '103041453616050110 2446', R: '06003041423303 2346',
  S: '413010010213334445361605', T: '0040 2026', U: '000516364540', V: '002640', W: '0016233640', X: '0046 4006', Y: '002340 2326', Z: '00400646',
  a: '4246 4332120305163645', b: '0006 0312324345361605', c: '4332120305163645', d: '4046 4332120305163645', e: '04444332120305163645', f: '30201116 0232', g: '4247381807 4332120305163645',
  h: '0006 0312324346', i: '0206 0000', j: '121708 1010', k: '0006 3204 1336', l: '0006', m: '0206 03122326 23324346', n: '0206 0312324346', o: '123243453616050312', p: '0208 0312324345361605',
  q: '4248 4332120305163645', r: '0206 031232', s: '43321203143445361605', t: '10152636 0232', u: '0205163645 4246', v: '022642', w: '0216233642', x: '0246 4206', y: '0226 4218', z: '02420646',
};

export const GLYPHS: Record<string, Glyph> = Object.fromEntries(Object.entries(DRAWN).map(([character, drawn]) => {
  const lines = drawn.split(' ').map((polyline) => polyline.match(/../g)!.map((point): [number, number] => [Number(point[0]), Number(point[1])]));
  return [character, { lines, width: Math.max(...lines.flat().map(([x]) => x)) }];
}));
