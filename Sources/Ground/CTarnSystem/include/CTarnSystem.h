// All that the module shows. A header that is added must be named here: builds that are kept look for changes of this
// file, and not of the folder.
#ifndef CTARNSYSTEM_H
#define CTARNSYSTEM_H

#include "tarn_checksum.h"
#include "tarn_files.h"
#include "tarn_inflate.h"
#include "tarn_process.h"
#include "tarn_system.h"
#include "tarn_text.h"

#endif
