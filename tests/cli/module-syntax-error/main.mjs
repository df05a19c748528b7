const fine = 1;
const broken = [1, 2;
