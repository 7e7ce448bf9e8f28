#pragma once
#include "tarn_checksum.h"
#include "tarn_files.h"
