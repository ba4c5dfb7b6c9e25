// What may have been meant by a name that nothing bears: areas near it in letters, in characters or in digits. Pure; knows no page.

const COMMON = new Set('村社区居民委员会镇乡街道组县市管理'); // in half of all names: alike in these is not alike
const own = (name) => [...name].filter((one) => !COMMON.has(one));

export function edits(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, k) => k);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    row = next;
  }
  return row[other.length];
}

function alike(one, other) {
  let n = 0;
  while (n < one.length && one[n] === other[n]) n += 1;
  return n;
}

// To the beginning of a name: nobody types `juweihui`.
const beginning = (wanted, name) => Math.min(...[-1, 0, 1].map((more) => edits(wanted, name.slice(0, wanted.length + more))));

// How far an area is from what was typed; Infinity: not near.
function distance(wanted, area) {
  if (/^\d+$/.test(wanted)) return alike(wanted, area.code) >= Math.min(6, wanted.length) ? 12 - alike(wanted, area.code) : Infinity;
  if (/^[a-z' ]+$/.test(wanted)) {
    const found = Math.min(beginning(wanted, area.initials), beginning(wanted, area.pinyin));
    return found <= Math.max(1, Math.floor(wanted.length / 3)) ? found : Infinity;
  }
  const [typed, named] = [own(wanted), own(area.name)];
  if (!typed.some((one) => named.includes(one))) return Infinity;
  return edits(typed, named) + (typed[0] === named[0] ? 0 : 0.5) + (area.level === 'village' ? 0 : 0.25);
}

export function near(text, areas, most = 6) {
  const wanted = text.trim().toLowerCase();
  return areas
    .map((one) => [distance(wanted, one), one])
    .filter(([far]) => far < Infinity)
    .sort((a, b) => a[0] - b[0] || a[1].code.localeCompare(b[1].code))
    .slice(0, most)
    .map(([, one]) => one);
}
