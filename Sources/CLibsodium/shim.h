#ifndef KSER_CLIBSODIUM_SHIM_H
#define KSER_CLIBSODIUM_SHIM_H

#include <sodium.h>

#endif
