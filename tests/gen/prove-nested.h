// Structs inside structs, as prove-nested.idl says.
struct outer {
  int before;
  struct inner {
    char c;
    struct {
      short s;
    } deep;
  } tagged;
  struct {
    double x, y;
  } points[2][3], another;
  struct inner later;
};
typedef struct {
  struct {
    int bits : 3;
    const char *text;
  } plain;
} Holder;
void use(struct outer *o, Holder h);
