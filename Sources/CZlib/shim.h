#ifndef KSER_CZLIB_SHIM_H
#define KSER_CZLIB_SHIM_H

#include <zlib.h>

#endif
