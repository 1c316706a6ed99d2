//! The one sentence for those who have time for one.

use dongting_sdk::views::Panel;

use crate::notices::notice;
use crate::situation::{Situation, Warned};
use crate::text::Text;

/// None where no warning stands that is for real.
pub fn panel(situation: &Situation, text: Text) -> Option<Panel> {
    let standing: Vec<&Warned> = situation.standing().filter(|warned| warned.is_actual()).collect();
    let gravest = standing.first()?;
    let unanswered = standing.iter().filter(|warned| warned.acknowledged.is_none()).count();
    let (area, name, count) = (gravest.area(text), gravest.name(text), standing.len());
    let title = match (text.is_chinese(), count) {
        (true, 1) => format!("{area}地震{name}生效中"),
        (true, _) => format!("{area}等地 {count} 条地震预警生效中，最高{}", text.colour(gravest.level)),
        (false, 1) => format!("{name} in force for {area}"),
        (false, _) => format!("{name} in force for {area}; {count} warnings in all"),
    };
    let answered = match (text.is_chinese(), unanswered) {
        (true, 0) => "全部预警已确认。".to_owned(),
        (true, _) => format!("尚有 {unanswered} 条未确认，请到“地震预警”页确认。"),
        (false, 0) => "All are acknowledged.".to_owned(),
        (false, _) => {
            format!("Not yet acknowledged: {unanswered}. Please do so under “Earthquake warnings”.")
        }
    };
    let cause = gravest.event_id.as_deref().and_then(|event| situation.assessed(event));
    let cause = cause.map(|assessed| {
        let name = text.earthquake(assessed.magnitude.as_ref(), &assessed.place);
        let at = crate::instant::seconds(assessed.origin);
        match text.is_chinese() {
            true => format!("{at} {name}。"),
            false => format!("{at} (Beijing time) {name}. "),
        }
    });
    Some(notice("headline", gravest.level, title, cause.unwrap_or_default() + &answered))
}
