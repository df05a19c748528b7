// Which fields are const here.
struct plain {
  int number;
  char text[8];
  char *name;
  double m[2][3];
};
struct constant {
  const int number;
  const char text[8];
  char *const name;
  const double m[2][3];
};
