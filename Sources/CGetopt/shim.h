// The C library's option parser. Its state is global variables, which Swift may not touch.
#include <getopt.h>

static inline void cgetopt_begin(void) {
    optind = 1;
}

static inline int cgetopt_index(void) {
    return optind;
}

static inline const char *cgetopt_value(void) {
    return optarg;
}
