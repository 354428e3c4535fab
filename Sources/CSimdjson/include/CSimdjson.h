#ifndef KSER_CSIMDJSON_H
#define KSER_CSIMDJSON_H
#endif
