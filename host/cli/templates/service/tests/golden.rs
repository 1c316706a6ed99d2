//! The pure part against a file: what is asked, and the grade that must be answered.

use plugin_crate::grade;

#[test]
fn amounts_have_the_grades_of_the_standard() {
    for line in include_str!("data/grades.csv").lines().skip(1) {
        let (query, wanted) = line.split_once(',').unwrap();
        let answer = match grade::asked(query) {
            Ok((grade, _)) => grade.name().to_owned(),
            Err(reason) => reason,
        };
        assert_eq!(answer, wanted, "{query}");
    }
}
