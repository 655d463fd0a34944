/* With -DUSE_CMSIS_NN, layers are computed by CMSIS-NN, of August 2024 or later; where CMSIS-NN
 * wants more memory than there is, by the plain C below. */
#ifdef USE_CMSIS_NN
#include <arm_nnfunctions.h>
#ifdef CMSIS_NN_USE_SINGLE_ROUNDING
#error "This network rounds twice: build CMSIS-NN without CMSIS_NN_USE_SINGLE_ROUNDING"
#endif
#endif
