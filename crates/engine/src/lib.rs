//! Variables, task evaluation and controller-side actions
