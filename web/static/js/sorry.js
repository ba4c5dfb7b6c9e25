// The page that says the station does not answer: tries again by itself, and shows the telephone list that this browser kept. Knows no station.

const EVERY_MS = 2_000;

function phones() {
  try {
    const found = JSON.parse(localStorage.getItem('gengfu-phones'))?.lines;
    return Array.isArray(found) ? found.filter((one) => typeof one?.phone === 'string' && one.name) : [];
  } catch {
    return [];
  }
}

const place = document.getElementById('phones');
const language = document.documentElement.lang === 'zh-CN' ? 'zh' : 'en';
for (const one of phones().slice(0, 8)) {
  const number = document.createElement('a');
  number.href = `tel:${one.phone.replaceAll(' ', '')}`;
  number.textContent = one.phone;
  const line = document.createElement('li');
  line.append(`${one.name[language]} `, number);
  place.querySelector('ul').append(line);
  place.hidden = false;
}

async function look() {
  try {
    const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(3_500) });
    if ((await answer.json()).station !== null) location.reload();
  } catch {
    // the panel itself does not answer: asked again
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
