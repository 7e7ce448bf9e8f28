#include "tarn_system.h"
