#ifndef KSER_CLIBPQ_SHIM_H
#define KSER_CLIBPQ_SHIM_H

#include <libpq-fe.h>

#endif
