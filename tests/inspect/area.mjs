import { label } from './label.mjs';

function area(width, height) {
  const unit = 'm\u00b2 \u00e9';
  const size = width * height;
  return label(size + unit);
}

console.log(area(6, 7));
