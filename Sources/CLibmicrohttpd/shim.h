#ifndef KSER_CLIBMICROHTTPD_SHIM_H
#define KSER_CLIBMICROHTTPD_SHIM_H

#include <microhttpd.h>

#endif
