#include "internal.h"
ist_status ist_host_repl_eval(ist_host *host, const char *source, size_t length, bool colors,
                              ist_repl_result *result){(void)host;(void)source;(void)length;(void)colors;(void)result;return IST_ERR_STATE;}
void ist__repl_free(ist_host*host){(void)host;}
