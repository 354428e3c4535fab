#ifndef KSER_CSQLITE_SHIM_H
#define KSER_CSQLITE_SHIM_H

#include <sqlite3.h>

#endif
